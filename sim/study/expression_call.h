// A call in an expression, name(MODEL, arguments, settings): which names there are and which
// arguments each takes. How calls are combined is known by expression_reader.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/study/expression_text.h"
#include "sim/study/structure_functions.h"
#include "sim/study/study_models.h"

namespace llmarch {

// A part of an expression, and the form of its value.
struct FormedNode {
  std::shared_ptr<const ExpressionNode> node;
  FigureForm form;
};

FormedNode literal(FigureValue figure, FigureForm form);

// Every function that is not a quantity, for the format's documentation.
std::vector<FunctionHelp> expression_functions();

class ExpressionCall : protected ExpressionText {
 protected:
  ExpressionCall(std::string_view text, const StudyModels& models)
      : ExpressionText(text), models_(models) {}

  FormedNode call();

 private:
  struct Arguments {
    const Model* model = nullptr;
    std::vector<FunctionArgument> others;
    PartialSetting setting;
  };

  Arguments arguments();
  void argument(Arguments& given);
  void set(PartialSetting& setting, const std::string& key, std::size_t key_at);
  const Model* model();
  // Reads the value of a setting, by its type.
  void read(const SettingField& field, std::optional<Integer>& value);
  void read(const SettingField& field, std::optional<double>& value);
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(const SettingField& field, std::optional<Enum>& value);
  template <SpelledOut Storage>
  void read(const SettingField& field, std::optional<Storage>& value);
  void read(const SettingField& field, std::optional<Machine>& value);

  FormedNode memory();
  [[nodiscard]] FormedNode quantity(const Quantity& quantity, const Arguments& given) const;
  [[nodiscard]] FormedNode called(const std::string& name, const Arguments& given) const;
  void require_model_alone(std::string_view name, const Arguments& given) const;

  const StudyModels& models_;
};

}  // namespace llmarch
