// Options that are fields of a setting. How each is called, bounded and explained is declared with
// the field (sim/setting/setting.h); a command says which it takes, and what each is there.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/arguments.h"
#include "sim/setting/setting.h"
#include "sim/study/sweep.h"

namespace llmarch::cli {

enum class Arity { one, list };

struct TakenField {
  const SettingField& field;
  Arity arity = Arity::one;
  std::string usual = {};   // what it is where it is not given; empty: nothing
  std::string remark = {};  // follows the field's meaning in help
};
using TakenFields = std::vector<TakenField>;

// ": f32, bf16 or int4", of every format that there is.
std::string every_format();

void declare_setting(Options& options, const TakenFields& fields);

// What is said of the fields that take one value. Throws UsageError, FileError or BadInput.
PartialSetting read_setting(const Values& values, const TakenFields& fields);

// The product of the fields' lists, the last of them innermost.
std::vector<Setting> read_settings(const Values& values, const TakenFields& fields);

// A field's list or range; none where it is not given. Throws UsageError.
std::optional<Lengths> read_lengths(const Values& values, const SettingField& field);

}  // namespace llmarch::cli
