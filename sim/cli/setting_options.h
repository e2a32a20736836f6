// Options that are fields of a setting. Each one's name, bounds and explanation are declared with
// the field (sim/setting/setting.h); a command says which fields it takes, and the default and
// remark of each.
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
  std::string usual = {};   // the default; empty: none
  std::string remark = {};  // follows the field's meaning in help
};
using TakenFields = std::vector<TakenField>;

void declare_setting(Options& options, const TakenFields& fields);

// The values of the fields that take one value. Throws UsageError, FileError or BadInput.
PartialSetting read_setting(const Values& values, const TakenFields& fields);

// Every combination of the fields' lists; the last field varies fastest.
std::vector<Setting> read_settings(const Values& values, const TakenFields& fields);

// A field's list or range; none where it is not given. Throws UsageError.
std::optional<Lengths> read_lengths(const Values& values, const SettingField& field);

}  // namespace llmarch::cli
