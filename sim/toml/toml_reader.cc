#include "sim/toml/toml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "sim/spec/meant_names.h"

namespace llmarch {
namespace {

Place place_of_region(const toml::source_region& source) {
  const bool one_line = source.end.line == source.begin.line;
  const std::int64_t length = one_line && source.end.column > source.begin.column
                                  ? source.end.column - source.begin.column
                                  : 1;
  return {source.begin.line, source.begin.column, length};
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a real number";
    case toml::node_type::boolean: return "a truth value";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

std::string explained(const Field& field) {
  return fmt::format("{}: {}", field.key, field.meaning);
}

bool is_before(const toml::source_position& a, const toml::source_position& b) {
  return std::pair(a.line, a.column) < std::pair(b.line, b.column);
}

// The library gives no double for a whole number above 2^53, of which some are none exactly; the
// nearest is what is meant where a real number is asked for.
double real_number(const toml::node& node) {
  const auto whole = node.value_exact<std::int64_t>();
  return whole ? static_cast<double>(*whole) : *node.value_exact<double>();
}

// What a header can hold without quotes, so that paths and messages stay unambiguous.
bool is_plain_name(const std::string& name) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.find_first_not_of(kLetters) == std::string::npos;
}

}  // namespace

std::vector<Diagnostic> ProblemList::take() && {
  if (left_out_ > 0) {
    kept_.push_back({std::nullopt,
                     fmt::format("there are {} problems; {} of them follow", size(), kMost),
                     "mend these, then check again"});
  }
  return std::move(kept_);
}

TableReader::TableReader(const toml::table& file, std::string what, TomlReading& reading)
    : table_(file), what_(std::move(what)), reading_(reading) {}

TableReader::TableReader(const toml::table& table, Place place, TableName name,
                         TomlReading& reading)
    : table_(table),
      place_(place),
      path_(std::move(name.path)),
      header_(std::move(name.header)),
      what_(std::move(name.what)),
      reading_(reading) {
  reading_.places.emplace(path_, place);
}

void TableReader::operator()(const Field& field, Integer& member, const Range& range) {
  const toml::node* node = required(field);
  if (node == nullptr) return;
  const auto value = node->value_exact<std::int64_t>();
  if (!value) return refuse_type(field, *node, "a whole number", explained(field));
  if (*value < range.least || *value > range.most) {
    return refuse(field, *node, fmt::format("'{}' in {} is {}", field.key, what_, *value),
                  fmt::format("{} must be from {} to {}", field.key, range.least, range.most));
  }
  member = *value;
}

void TableReader::operator()(const Field& field, double& member, const RealRange& range) {
  const toml::node* node = required(field);
  if (node == nullptr) return;
  if (!node->is_number()) return refuse_type(field, *node, "a number", explained(field));
  const double value = real_number(*node);
  if (!std::isfinite(value) || value <= range.above || value > range.most) {
    return refuse(
        field, *node, fmt::format("'{}' in {} is {}", field.key, what_, value),
        fmt::format("{} must be above {} and at most {}", field.key, range.above, range.most));
  }
  member = value;
}

void TableReader::operator()(const Field& field, std::vector<double>& member,
                             const RealRange& range) {
  const toml::node* node = required(field);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  const auto in_range = [&](const toml::node& item) {
    const double value = item.is_number() ? real_number(item) : range.above;
    return value > range.above && value <= range.most;
  };
  if (array == nullptr || array->empty() || !std::all_of(array->begin(), array->end(), in_range)) {
    const std::string wanted =
        fmt::format("a list of numbers above {} and at most {}", range.above, range.most);
    return refuse_type(field, *node, wanted, explained(field));
  }
  for (const toml::node& item : *array) member.push_back(real_number(item));
}

void TableReader::operator()(const Field& field, std::string& member) {
  const toml::node* node = required(field);
  if (node == nullptr) return;
  const auto text = node->value_exact<std::string>();
  if (!text) return refuse_type(field, *node, "a text", explained(field));
  if (text->empty()) {
    return refuse(field, *node, fmt::format("'{}' in {} is empty", field.key, what_),
                  explained(field));
  }
  if (printable(*text) != *text) {
    return refuse(field, *node,
                  fmt::format("'{}' in {} holds a character that is not seen", field.key, what_),
                  "it is shown to people: write it in one line, without control characters");
  }
  member = *text;
}

void TableReader::operator()(const Field& field, bool& member) {
  const toml::node* node = find(field);
  if (node == nullptr) return;
  const auto value = node->value_exact<bool>();
  if (!value) return refuse_type(field, *node, "true or false", explained(field));
  member = *value;
}

void TableReader::operator()(const Field& field, std::vector<Reference>& member) {
  const toml::node* node = required(field);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return refuse_type(field, *node, "a list of names", explained(field));
  if (array->empty()) {
    return refuse(field, *node, fmt::format("'{}' in {} is empty", field.key, what_),
                  explained(field));
  }
  for (std::size_t i = 0; i < array->size(); ++i) read_name(field, (*array)[i], i, member);
}

void TableReader::read_name(const Field& field, const toml::node& item, std::size_t position,
                            std::vector<Reference>& member) {
  // A name that cannot be read is kept as an empty one, so that it still counts as a use.
  const auto name = item.value_exact<std::string>();
  reading_.places.emplace(fmt::format("{}.{}", child(field), position),
                          place_of_region(item.source()));
  member.push_back({name.value_or("")});
  if (name && !name->empty()) return;
  refuse(field, item,
         fmt::format("name {} of '{}' in {} is {}", position + 1, field.key, what_,
                     name ? "empty" : type_name(item)),
         explained(field));
}

void TableReader::operator()(const Field& field, std::vector<std::string>& member) {
  std::vector<Reference> items;
  (*this)(field, items);
  for (const Reference& item : items) {
    if (printable(item.name) != item.name) {
      refuse(field, *find(field),
             fmt::format("'{}' in {} holds a character that is not seen", field.key, what_),
             "write each item in one line, without control characters");
    }
    member.push_back(item.name);
  }
}

void TableReader::operator()(const Field& field, SpecKeys&) {
  required_table(field, child(field));
}

std::optional<std::size_t> TableReader::read_choice(const Field& field,
                                                    const std::vector<std::string>& names) {
  const toml::node* node = required(field);
  if (node == nullptr) return std::nullopt;
  const auto text = node->value_exact<std::string>();
  if (!text) {
    refuse_type(field, *node, "a text", explained(field));
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  refuse(field, *node, fmt::format("unknown {} {} in {}", field.key, quote_name(*text), what_),
         suggest(*text, names));
  return std::nullopt;
}

std::optional<std::size_t> TableReader::read_kind(const std::vector<std::string>& kinds) {
  const std::string meaning = fmt::format("one of {}", fmt::join(kinds, ", "));
  const auto kind = read_choice(Field{"kind", meaning}, kinds);
  if (kind) return kind;
  for (const auto& [key, node] : table_) {
    if (!missing_.empty() && nearest_name(key.str(), {"kind"})) report_unknown(key);
  }
  for (Missing& missing : missing_) reading_.problems.push_back(std::move(missing.diagnostic));
  return std::nullopt;
}

std::vector<TableReader::NamedTable> TableReader::named_tables(const Field& field,
                                                               const toml::table& table) {
  if (refuse_nameless(field, table) || refuse_too_many_names(field, table)) return {};
  std::vector<NamedTable> tables;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const Place place = place_of_region(key.source());
    if (!is_plain_name(name)) {
      reading_.problems.push_back(
          {place, fmt::format("{} cannot name a table in [{}]", quote_name(name), header(field)),
           "use letters, digits, '-' and '_'"});
    }
    tables.push_back(
        {name,
         node.as_table(),
         place,
         {fmt::format("{}.{}", child(field), name), fmt::format("{}.{}", header(field), name),
          fmt::format("{} {}", field.key, quote_name(name))}});
  }
  return tables;
}

// Keys that stand in the table of names itself are one mistake, however many they are: the header
// lacks a name. The tables after it may belong to the nameless one, and are not judged.
bool TableReader::refuse_nameless(const Field& field, const toml::table& table) {
  const toml::key* first = nullptr;
  for (const auto& [key, node] : table) {
    if (node.is_table()) continue;
    if (first == nullptr || is_before(key.source().begin, first->source().begin)) first = &key;
  }
  if (first == nullptr) return false;
  reading_.unread.insert(child(field));
  reading_.problems.push_back(
      {place_of_region(first->source()),
       fmt::format("{} stands in [{}] itself", quote_name(first->str()), header(field)),
       fmt::format("write [{}.NAME] above it ({})", header(field), field.meaning)});
  return true;
}

bool TableReader::refuse_too_many_names(const Field& field, const toml::table& table) {
  if (table.size() <= kMostNames) return false;
  reading_.unread.insert(child(field));
  reading_.problems.push_back({place_of(field),
                               fmt::format("[{}] holds {} tables, and may hold {}", header(field),
                                           table.size(), kMostNames),
                               fmt::format("keep those that are used ({})", field.meaning)});
  return true;
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) == known_.end()) report_unknown(key);
  }
  for (Missing& missing : missing_) reading_.problems.push_back(std::move(missing.diagnostic));
}

// A misspelt key is taken for the absent key that it resembles, which is then not reported as
// missing.
void TableReader::report_unknown(const toml::key& key) {
  if (reading_.problems.full()) return reading_.problems.push_back({});
  const auto meant = nearest_name(key.str(), absent_keys());
  reading_.problems.push_back({place_of_region(key.source()),
                               fmt::format("unknown key {} in {}", quote_name(key.str()), what_),
                               meant ? fmt::format("did you mean '{}'?", *meant)
                                     : fmt::format("known: {}", fmt::join(known_, ", "))});
  if (meant) reading_.unread.insert(path_.empty() ? *meant : fmt::format("{}.{}", path_, *meant));
  std::erase_if(missing_, [&](const Missing& missing) { return missing.key == meant; });
}

std::vector<std::string> TableReader::absent_keys() const {
  std::vector<std::string> absent;
  for (const std::string& key : known_) {
    if (!table_.contains(key)) absent.push_back(key);
  }
  return absent;
}

const toml::node* TableReader::find(const Field& field) {
  if (std::find(known_.begin(), known_.end(), field.key) == known_.end()) {
    known_.emplace_back(field.key);
  }
  const toml::node* node = table_.get(field.key);
  if (node == nullptr) return nullptr;
  // A table's own region is its header with the brackets, or nothing; its key is what a reader
  // sees.
  const bool header = node->is_table() || node->is_array_of_tables();
  reading_.places.emplace(child(field), header ? place_of(field) : place_of_region(node->source()));
  return node;
}

const toml::node* TableReader::required(const Field& field, const std::string& header_or_key) {
  const toml::node* node = find(field);
  if (node == nullptr) {
    reading_.unread.insert(child(field));
    missing_.push_back({std::string(field.key),
                        {place_, fmt::format("missing key '{}' in {}", field.key, what_),
                         fmt::format("add {} ({})", header_or_key, field.meaning)}});
  }
  return node;
}

const toml::node* TableReader::required(const Field& field) {
  return required(field, fmt::format("'{}'", field.key));
}

const toml::table* TableReader::required_table(const Field& field, const std::string& header) {
  const toml::node* node = required(field, fmt::format("[{}]", header));
  if (node == nullptr) return nullptr;
  if (!node->is_table()) {
    refuse_type(field, *node, "a table",
                fmt::format("write it as [{}] ({})", header, field.meaning));
  }
  return node->as_table();
}

const toml::array* TableReader::required_tables(const Field& field, std::size_t most) {
  const std::string shown = fmt::format("[[{}]]", header(field));
  const toml::node* node = required(field, shown);
  if (node == nullptr) return nullptr;
  const toml::array* items = node->as_array();
  const std::string remedy = fmt::format("write it as {} ({})", shown, field.meaning);
  const auto refused = [&](const toml::node& wrong) {
    refuse_type(field, wrong, "a list of tables", remedy);
    return nullptr;
  };
  if (items == nullptr) return refused(*node);
  for (const toml::node& item : *items) {
    if (!item.is_table()) return refused(item);
  }
  if (items->size() <= most) return items;
  refuse(field, *node,
         fmt::format("'{}' in {} lists {} tables, and may list {}", field.key, what_, items->size(),
                     most),
         explained(field));
  return nullptr;
}

void TableReader::refuse(const Field& field, const toml::node& node, std::string message,
                         std::string remedy) {
  reading_.unread.insert(child(field));
  reading_.problems.push_back(
      {place_of_region(node.source()), std::move(message), std::move(remedy)});
}

void TableReader::refuse_type(const Field& field, const toml::node& node, std::string_view expected,
                              std::string remedy) {
  refuse(
      field, node,
      fmt::format("'{}' in {} is {}, and must be {}", field.key, what_, type_name(node), expected),
      std::move(remedy));
}

std::string TableReader::child(const Field& field) const {
  return path_.empty() ? std::string(field.key) : fmt::format("{}.{}", path_, field.key);
}

std::string TableReader::header(const Field& field) const {
  return header_.empty() ? std::string(field.key) : fmt::format("{}.{}", header_, field.key);
}

std::string TableReader::item_text(const Field& field, std::string_view item,
                                   std::size_t index) const {
  const std::string list = path_.empty() ? fmt::format("the {}", field.key) : what_;
  return fmt::format("{} {} of {}", item, index + 1, list);
}

std::string TableReader::inside(const Field& field) const {
  return path_.empty() ? std::string(field.key) : fmt::format("{} of {}", field.key, what_);
}

Place TableReader::place_of(const Field& field) const {
  const auto entry = table_.find(field.key);
  return place_of_region(entry->first.source());
}

Place TableReader::place_of_item(const toml::node& item) {
  return place_of_region(item.source());
}

}  // namespace llmarch
