// The stable CSV of a command: one table, made from the objects of its stable JSON, so that both
// say the same under the same names and a database can join the files of several commands.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace llmarch::reports {

// A line for each object of the array `rows`, below a line of names. A member of a nested object
// has the column of its path ("decode_flops"); columns are in the order in which rows first have
// them. What a row lacks, or has as null, is empty. Throws std::logic_error for a nested array,
// which is no single value.
std::string rows_csv(const nlohmann::ordered_json& rows);

}  // namespace llmarch::reports
