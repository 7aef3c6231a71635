#include "execution/messages.h"

#include "dsnn/checked_json.h"

#include <charconv>
#include <stdexcept>

namespace dsnn::execution {
namespace {

uint64_t seed_member(const Value& map, const char* key) {
  const std::string text = checked::text(map, key);
  uint64_t out = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) checked::bad(key, "a seed");
  return out;
}

Value strings(const std::vector<std::string>& from) {
  Value out = Value::list();
  for (const std::string& item : from) out.push_back(Value(item));
  return out;
}

std::vector<std::string> strings_from(const Value& map, const char* key) {
  std::vector<std::string> out;
  for (const Value& item : checked::list(map, key)) {
    if (!item.is_string()) checked::bad(key, "a list of texts");
    out.push_back(item.string());
  }
  return out;
}

Value to_value(const std::vector<Measured>& values) {
  Value out = Value::list();
  for (const Measured& m : values) {
    out.push_back(
        Value(Value::Map{{"value", Value(m.value)}, {"std_error", m.std_error ? Value(*m.std_error) : Value()}}));
  }
  return out;
}

std::vector<Measured> measured_from(const Value& map, const char* key) {
  std::vector<Measured> out;
  for (const Value& item : checked::list(map, key)) {
    Measured m{.value = checked::any_number(item, "value"), .std_error = std::nullopt};
    if (!checked::member(item, "std_error").is_null()) m.std_error = checked::any_number(item, "std_error");
    out.push_back(m);
  }
  return out;
}

}  // namespace

Value message(const char* name, Value::Map members) {
  members.insert(members.begin(), {"message", Value(name)});
  return Value(std::move(members));
}

std::string name_of(const Value& message) {
  const Value* found = message.find("message");
  return found != nullptr && found->is_string() ? found->string() : std::string();
}

Value to_value(const TrialRequest& r) {
  Value budget = Value::list();
  for (double v : r.budget.value) budget.push_back(Value(v));
  return Value(Value::Map{{"number", Value(r.number)},
                          {"root", Value(r.root)},
                          {"replicate", Value(r.replicate)},
                          {"parent", r.parent ? Value(*r.parent) : Value()},
                          {"start_from", r.start_from ? Value(*r.start_from) : Value()},
                          {"origin", Value(to_string(r.origin))},
                          {"configuration", parse_json(r.configuration.to_json())},
                          {"bracket", Value(r.budget.bracket)},
                          {"rung", Value(r.budget.rung)},
                          {"budget", std::move(budget)},
                          {"resource", Value(r.budget.resource)},
                          {"seed", Value(std::to_string(r.seed))}});
}

TrialRequest request_from(const Value& v) {
  TrialRequest out;
  out.number = checked::integer(v, "number");
  out.root = checked::integer(v, "root");
  out.replicate = checked::integer(v, "replicate");
  if (!checked::member(v, "parent").is_null()) out.parent = checked::integer(v, "parent");
  if (!checked::member(v, "start_from").is_null()) out.start_from = checked::text(v, "start_from");
  out.origin = origin_from(checked::text(v, "origin"));
  out.configuration = Configuration::from_json(checked::member(v, "configuration"));
  out.budget.bracket = static_cast<int>(checked::integer(v, "bracket"));
  out.budget.rung = static_cast<int>(checked::integer(v, "rung"));
  for (const Value& item : checked::list(v, "budget"))
    out.budget.value.push_back(checked::number_or_word(item, "budget"));
  out.budget.resource = checked::any_number(v, "resource");
  out.seed = seed_member(v, "seed");
  return out;
}

Value to_value(const std::vector<Metric>& metrics) {
  Value out = Value::list();
  for (const Metric& m : metrics) out.push_back(Value(Value::List{Value(m.name), Value(m.value)}));
  return out;
}

std::vector<Metric> metrics_from(const Value& v) {
  if (!v.is_list()) checked::bad("metrics", "a list");
  std::vector<Metric> out;
  for (const Value& item : v.items()) {
    if (item.size() != 2 || !item.is_list() || !item.items()[0].is_string()) checked::bad("metrics", "a list of pairs");
    out.push_back({.name = item.items()[0].string(), .value = checked::number_or_word(item.items()[1], "metrics")});
  }
  return out;
}

Value to_value(const Evaluation& e) {
  Value readings = Value::list();
  for (const EnergyReading& r : e.readings) readings.push_back(to_value(r));
  Value data = Value::map();
  for (const auto& [name, sha256] : e.data) data.set(name, sha256);
  return Value(Value::Map{{"state", Value(to_string(e.state))},
                          {"fail", Value(to_string(e.fail))},
                          {"objectives", to_value(e.objectives)},
                          {"constraints", to_value(e.constraints)},
                          {"metrics", to_value(e.metrics)},
                          {"readings", std::move(readings)},
                          {"data", std::move(data)},
                          {"seconds", Value(e.seconds)},
                          {"resource_spent", e.resource_spent ? Value(*e.resource_spent) : Value()},
                          {"checkpoint", Value(e.checkpoint)},
                          {"text", Value(e.message)}});
}

Evaluation evaluation_from(const Value& v) {
  Evaluation out;
  out.state = trial_state_from(checked::text(v, "state"));
  out.fail = fail_kind_from(checked::text(v, "fail"));
  out.objectives = measured_from(v, "objectives");
  out.constraints = measured_from(v, "constraints");
  out.metrics = metrics_from(checked::member(v, "metrics"));
  for (const Value& item : checked::list(v, "readings")) out.readings.push_back(reading_from(item));
  const Value& data = checked::member(v, "data");
  if (!data.is_map()) checked::bad("data", "a map");
  for (const auto& [name, sha256] : data.members()) out.data[name] = checked::text(data, name.c_str());
  out.seconds = checked::any_number(v, "seconds");
  if (!checked::member(v, "resource_spent").is_null()) out.resource_spent = checked::any_number(v, "resource_spent");
  out.checkpoint = checked::text(v, "checkpoint");
  out.message = checked::text(v, "text");
  return out;
}

Value to_value(const std::vector<Diagnostic>& diagnostics) {
  Value out = Value::list();
  for (const Diagnostic& d : diagnostics) {
    out.push_back(Value(Value::Map{{"file", Value(d.where.file)},
                                   {"line", Value(d.where.line)},
                                   {"column", Value(d.where.column)},
                                   {"text", Value(d.message)},
                                   {"hint", Value(d.hint)}}));
  }
  return out;
}

std::vector<Diagnostic> diagnostics_from(const Value& v) {
  if (!v.is_list()) checked::bad("diagnostics", "a list");
  std::vector<Diagnostic> out;
  for (const Value& item : v.items()) {
    Diagnostic d;
    d.where = {.file = checked::text(item, "file"),
               .line = static_cast<int>(checked::integer(item, "line")),
               .column = static_cast<int>(checked::integer(item, "column"))};
    d.message = checked::text(item, "text");
    d.hint = checked::text(item, "hint");
    out.push_back(std::move(d));
  }
  return out;
}

Value to_value(const Description& d) {
  return Value(Value::Map{{"graph", d.graph ? d.graph->to_json() : Value()},
                          {"metrics", to_value(d.metrics)},
                          {"converted", strings(d.converted)},
                          {"warnings", strings(d.warnings)}});
}

Description description_from(const Value& v) {
  Description out;
  if (!checked::member(v, "graph").is_null()) out.graph = Graph::from_json(checked::member(v, "graph"));
  out.metrics = metrics_from(checked::member(v, "metrics"));
  out.converted = strings_from(v, "converted");
  out.warnings = strings_from(v, "warnings");
  return out;
}

Value to_value(const Findings& f) {
  return Value(Value::Map{{"errors", to_value(f.errors)}, {"notes", strings(f.notes)}});
}

Findings findings_from(const Value& v) {
  return {.errors = diagnostics_from(checked::member(v, "errors")), .notes = strings_from(v, "notes")};
}

}  // namespace dsnn::execution
