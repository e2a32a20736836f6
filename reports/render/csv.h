// The tables of a Document as CSV (RFC 4180, with '\n'): exact values for programs and
// spreadsheets, where the other renderers show rounded ones. Everything that is not a table is left
// out.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

// One header line for each table, and an empty line between tables. Columns: `group` when the table
// has group headings; the row headings; `unit` when a data cell has one; the data. A bare number (a
// ratio) beside figures with a unit stands as it is; when a row has several units, the column is
// empty and each figure carries its own: "36864 bytes".
//
// A text that a spreadsheet would run as a formula (it begins with = + - @) gets a leading
// apostrophe; numbers do not.
std::string render_csv(const Document& document);

// One text as such a field, for tables that are too long to be made whole.
std::string csv_field(const std::string& text);

}  // namespace llmarch::reports
