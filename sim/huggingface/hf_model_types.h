// The Hugging Face model types that are no plain decoders, one function each: what a type's library
// does with the fields of its config. Each names the modelling code that it follows.
#pragma once

#include "sim/huggingface/hf_import.h"

namespace llmarch {

void import_gpt2(Import& import, ArchSpec& spec);
void import_gpt_bigcode(Import& import, ArchSpec& spec);
void import_llama4_text(Import& import, ArchSpec& spec);
void import_gemma3n_text(Import& import, ArchSpec& spec);
void import_lfm2(Import& import, ArchSpec& spec);
void import_lfm2_moe(Import& import, ArchSpec& spec);
void import_gptj(Import& import, ArchSpec& spec);
void import_gpt_neo(Import& import, ArchSpec& spec);
void import_falcon(Import& import, ArchSpec& spec);
void import_cohere2_moe(Import& import, ArchSpec& spec);

}  // namespace llmarch
