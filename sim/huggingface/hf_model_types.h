// The Hugging Face model types that can be imported, one function each: what a type's library does
// with the fields of its config. Each names the modelling code that it follows.
#pragma once

#include "sim/huggingface/hf_blocks.h"

namespace llmarch {

void import_gpt2(Import& import, ArchSpec& spec);

void import_llama(Import& import, ArchSpec& spec);
void import_mistral(Import& import, ArchSpec& spec);
void import_olmo2(Import& import, ArchSpec& spec);
void import_smollm3(Import& import, ArchSpec& spec);
void import_llama4_text(Import& import, ArchSpec& spec);

void import_gemma2(Import& import, ArchSpec& spec);
void import_gemma3_text(Import& import, ArchSpec& spec);
void import_gemma3n_text(Import& import, ArchSpec& spec);

void import_qwen3(Import& import, ArchSpec& spec);
void import_qwen3_moe(Import& import, ArchSpec& spec);
void import_qwen2_moe(Import& import, ArchSpec& spec);

void import_deepseek_v2(Import& import, ArchSpec& spec);
void import_deepseek_v3(Import& import, ArchSpec& spec);

}  // namespace llmarch
