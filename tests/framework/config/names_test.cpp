// Every free text of every schema says what it names, so that the framework can check it.
#include <gmock/gmock.h>

#include "config/framework_schema.h"
#include "config/kind_schema.h"
#include "load_text.h"

namespace dsnn::config {
namespace {

using testing::HasSubstr;

bool is_free(const FieldSpec& field) {
  const bool open_items = field.item == FieldType::map && field.fields.empty();
  return field.type == FieldType::string || field.open ||
         (field.type == FieldType::list && (field.item == FieldType::string || open_items));
}

void expect_names(const std::vector<FieldSpec>& fields, const std::string& where) {
  for (const FieldSpec& field : fields) {
    if (is_free(field)) {
      EXPECT_FALSE(field.names.empty()) << where << "." << field.key << " is a free text: say what it names";
    }
    expect_names(field.fields, where + "." + field.key);
  }
}

TEST(Names, EveryFreeTextOfEverySchemaSaysWhatItNames) {
  expect_names(framework_keys(), "experiment");
  expect_names(framework_sections(), "experiment");
  for (const std::string_view kind : kKindNames) {
    const auto of_kind = static_cast<Kind>(std::find(kKindNames.begin(), kKindNames.end(), kind) - kKindNames.begin());
    expect_names(kind_fields(of_kind), std::string(kind));
    for (const plugin::ComponentInfo* component : test_catalog().of(of_kind)) {
      expect_names(override_fields(*component), std::string(kind) + " " + component->name);
      if (component->sections.is_list()) expect_names(fields_from_json(component->sections), component->name);
    }
  }
}

using NamesOfAFile = NeedsTrain;

TEST_F(NamesOfAFile, StartPointsTakeTheTypesOfTheSearchSpace) {
  const ExperimentSpec spec = load_one(std::string(kGoals) +
                                       "training:\n"
                                       "  epochs: 4\n"
                                       "  batch_size: {search: {choice: [32, 64]}}\n"
                                       "  gradient_clip: {search: {float: [1, 8]}}\n"
                                       "  optimizer: {search: {choice: [sgd, {label: quick, type: adam}]}}\n"
                                       "acquisition: {type: parego, initial: {configurations: [{training.optimizer: "
                                       "quick, training.gradient_clip: 2, training.batch_size: 64}]}}\n");
  const Value& point = at_path(spec.tree, "acquisition.initial.configurations").items().at(0);
  EXPECT_EQ(point.at("training.optimizer").string(), "quick");
  EXPECT_TRUE(point.at("training.gradient_clip").is_float());
  EXPECT_EQ(point.at("training.batch_size").integer(), 64);
}

TEST_F(NamesOfAFile, AStartPointMayUseTheLabelOfAListAndLeaveParametersOut) {
  const ExperimentSpec spec =
      load_text(std::string(kHead) + "dataset: {type: fashion_mnist, validation_fraction: 0.2}\n" + kGoals +
                "backbone: {type: simple_linear, hidden: {search: {choice: [[16], [32, 32]]}}}\n"
                "acquisition: {type: parego, initial: {configurations: [{backbone.hidden: [32, 32]}, {}]}}\n")
          .at(0);
  const Value& points = at_path(spec.tree, "acquisition.initial.configurations");
  EXPECT_TRUE(spec.space.parameters().at(0).domain.contains(points.items().at(0).at("backbone.hidden")));
}

TEST_F(NamesOfAFile, AGoalAgainstItsMetricIsAWarningAtTheGoal) {
  const ExperimentSpec spec = load_one("training: {select: {metric: validation.top1, goal: minimize}}\n");
  ASSERT_EQ(spec.notes.size(), 1U);
  EXPECT_EQ(spec.notes[0].severity, Severity::warning);
  EXPECT_EQ(spec.notes[0].where.line, 6);
  EXPECT_THAT(format(spec.notes[0]), HasSubstr("a higher 'validation.top1' is the better one"));
  EXPECT_THAT(format(spec.notes[0]), HasSubstr("write goal: maximize"));
  EXPECT_TRUE(load_one("training: {select: {metric: validation.top1, goal: maximize}}\n").notes.empty());
}

}  // namespace
}  // namespace dsnn::config
