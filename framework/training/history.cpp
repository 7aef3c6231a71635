#include "training/history.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "dsnn/checked_json.h"

namespace dsnn::training {

std::optional<double> find(const std::vector<Metric>& metrics, std::string_view name) {
  for (const Metric& metric : metrics) {
    if (metric.name == name) return metric.value;
  }
  return std::nullopt;
}

Value number_to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

double number_from_json(const Value& value) {
  if (value.is_number()) return value.number();
  if (value == Value("nan")) return std::numeric_limits<double>::quiet_NaN();
  if (value == Value("inf")) return std::numeric_limits<double>::infinity();
  if (value == Value("-inf")) return -std::numeric_limits<double>::infinity();
  throw std::invalid_argument("expected a number, nan, inf or -inf");
}

std::string History::csv() const {
  static constexpr std::string_view kColumns[] = {"train.loss",      "train.top1",      "train.top5",
                                                  "validation.loss", "validation.top1", "validation.top5"};
  std::string out = "epoch,train_loss,train_top1,train_top5,val_loss,val_top1,val_top5,seconds,cumulative_seconds,lr\n";
  double cumulative = 0;
  for (const EpochRow& row : rows_) {
    cumulative += row.seconds;
    out += std::to_string(row.epoch);
    for (std::string_view column : kColumns) {
      const std::optional<double> value = find(row.metrics, column);
      out += "," + (value ? to_text(Value(*value)) : std::string());
    }
    out += "," + to_text(Value(row.seconds)) + "," + to_text(Value(cumulative)) + "," + to_text(Value(row.lr)) + "\n";
  }
  return out;
}

Value History::to_json() const {
  Value list = Value::list();
  for (const EpochRow& row : rows_) {
    Value metrics = Value::map();
    for (const Metric& metric : row.metrics) metrics.set(metric.name, number_to_json(metric.value));
    Value item = Value::map();
    item.set("epoch", row.epoch);
    item.set("metrics", std::move(metrics));
    item.set("seconds", row.seconds);
    item.set("lr", row.lr);
    list.push_back(std::move(item));
  }
  return list;
}

History History::from_json(const Value::List& rows) {
  History history;
  for (const Value& item : rows) {
    EpochRow row{.epoch = checked::integer(item, "epoch"),
                 .metrics = {},
                 .seconds = checked::number(item, "seconds"),
                 .lr = checked::number(item, "lr")};
    for (const auto& [name, value] : checked::map(item, "metrics").members())
      row.metrics.push_back({name, number_from_json(value)});
    history.append(std::move(row));
  }
  return history;
}

}  // namespace dsnn::training
