#include "reports/say/rows_csv.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <vector>

#include "reports/render/csv.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

class RowsWriter {
 public:
  void add(const Json& row) {
    fields_.emplace_back();
    add_members("", row);
  }

  [[nodiscard]] std::string text() const {
    std::string text = line(names_);
    for (std::vector<std::string> fields : fields_) {
      fields.resize(names_.size());
      text += line(fields);
    }
    return text;
  }

 private:
  void add_members(const std::string& path, const Json& object) {
    for (const auto& [key, value] : object.items()) {
      const std::string name = path.empty() ? key : fmt::format("{}_{}", path, key);
      if (value.is_array()) throw std::logic_error("rows_csv: an array is no value: " + name);
      if (value.is_object()) {
        add_members(name, value);
      } else {
        set(name, value);
      }
    }
  }

  void set(const std::string& name, const Json& value) {
    const auto [place, added] = columns_.emplace(name, names_.size());
    if (added) names_.push_back(name);
    std::vector<std::string>& fields = fields_.back();
    if (fields.size() <= place->second) fields.resize(place->second + 1);
    if (value.is_null()) return;
    fields[place->second] = value.is_string() ? csv_field(value.get<std::string>()) : value.dump();
  }

  static std::string line(const std::vector<std::string>& fields) {
    std::string line;
    for (const std::string& field : fields) line += (&field == &fields.front() ? "" : ",") + field;
    return line + "\n";
  }

  std::vector<std::string> names_;
  std::map<std::string, std::size_t> columns_;
  std::vector<std::vector<std::string>> fields_;
};

}  // namespace

std::string rows_csv(const Json& rows) {
  RowsWriter writer;
  for (const Json& row : rows) writer.add(row);
  return writer.text();
}

}  // namespace llmarch::reports
