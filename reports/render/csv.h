// The tables of a Document as CSV (RFC 4180, with '\n'), for programs and spreadsheets: values are
// exact where the other renderers round, and everything that is not a table is left out.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

// One header line for each table, and an empty line between tables. The columns are `group`, where
// the table has group headings; the row headings; `unit`, where a data cell has one; and the data.
// A bare number, such as a ratio beside figures with a unit, stands as it is. Where a row has
// several units, its `unit` is empty and each figure has its own: "36864 bytes".
//
// A text that a spreadsheet would run as a formula, since it begins with = + - or @, gets a leading
// apostrophe; numbers do not.
std::string render_csv(const Document& document);

// One text as a field of such a file, for tables that are too long to be held in memory.
std::string csv_field(const std::string& text);

}  // namespace llmarch::reports
