#include "execution/messages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace dsnn::execution {
namespace {

Value through_json(const Value& value) { return parse_json(to_json(value)); }

TEST(Messages, RequestSurvivesTheWire) {
  TrialRequest request;
  request.number = 7;
  request.root = 3;
  request.parent = 5;
  request.start_from = "trials/5";
  request.origin = Origin::promoted;
  request.configuration.values = {{"lr", Value(0.1)}, {"bits", Value(4)}, {"optimizer", Value("sgd")}};
  request.budget = {.bracket = 2, .rung = 1, .value = {9}, .resource = 2.0 / 3};
  request.seed = std::numeric_limits<uint64_t>::max() - 1;
  const TrialRequest back = request_from(through_json(to_value(request)));
  EXPECT_EQ(back.number, 7);
  EXPECT_EQ(back.root, 3);
  EXPECT_EQ(back.parent, 5);
  EXPECT_EQ(back.start_from, "trials/5");
  EXPECT_EQ(back.origin, Origin::promoted);
  EXPECT_EQ(back.configuration, request.configuration);
  EXPECT_EQ(back.budget.value, request.budget.value);
  EXPECT_EQ(back.budget.resource, request.budget.resource);
  EXPECT_EQ(back.seed, request.seed);
}

TEST(Messages, NumbersThatAreNoneSurviveTheWire) {
  Evaluation evaluation;
  evaluation.state = TrialState::diverged;
  evaluation.metrics = {{"a", std::nan("")},
                        {"b", std::numeric_limits<double>::infinity()},
                        {"c", -std::numeric_limits<double>::infinity()}};
  EnergyReading reading;
  reading.meter = "tdp";
  reading.why_missing = "no counter";
  evaluation.readings = {reading};
  evaluation.data = {{"digits training files", "ab12"}};
  const Evaluation back = evaluation_from(through_json(to_value(evaluation)));
  EXPECT_EQ(back.state, TrialState::diverged);
  EXPECT_TRUE(std::isnan(back.metrics[0].value));
  EXPECT_GT(back.metrics[1].value, 0);
  EXPECT_LT(back.metrics[2].value, 0);
  EXPECT_FALSE(back.readings[0].joules.has_value());
  EXPECT_EQ(back.readings[0].why_missing, "no counter");
  EXPECT_EQ(back.data, evaluation.data);
}

TEST(Messages, MissingOrWrongMembersAreRefused) {
  EXPECT_THROW(request_from(Value(Value::Map{{"number", Value(1)}})), std::invalid_argument);
  EXPECT_THROW(evaluation_from(Value("text")), std::invalid_argument);
  Value request = to_value(TrialRequest{});
  request.set("seed", Value("-1x"));
  EXPECT_THROW(request_from(request), std::invalid_argument);
  EXPECT_THROW(metrics_from(parse_json("[[1, 2]]")), std::invalid_argument);
}

TEST(Messages, DescriptionKeepsItsWarnings) {
  Description description;
  description.metrics = {{"model.parameters", 12}};
  description.converted = {"conv1"};
  description.warnings = {"half of the shifts are at the floor"};
  const Description back = description_from(through_json(to_value(description)));
  EXPECT_FALSE(back.graph.has_value());
  EXPECT_EQ(back.converted, description.converted);
  EXPECT_EQ(back.warnings, description.warnings);
  EXPECT_EQ(back.metrics.at(0).value, 12);
}

}  // namespace
}  // namespace dsnn::execution
