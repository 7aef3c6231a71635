#include "training/history.h"

#include "dsnn/checked_json.h"

namespace dsnn::training {

std::string History::csv() const {
  static constexpr std::string_view kColumns[] = {"train.loss",      "train.top1",      "train.top5",
                                                  "validation.loss", "validation.top1", "validation.top5"};
  std::string out = "epoch,train_loss,train_top1,train_top5,val_loss,val_top1,val_top5,seconds,cumulative_seconds,lr\n";
  double cumulative = 0;
  for (const EpochRow& row : rows_) {
    cumulative += row.seconds;
    out += std::to_string(row.epoch);
    for (std::string_view column : kColumns) {
      const Metric* found = find_metric(row.metrics, column);
      out += "," + (found != nullptr ? to_text(Value(found->value)) : std::string());
    }
    out += "," + to_text(Value(row.seconds)) + "," + to_text(Value(cumulative)) + "," + to_text(Value(row.lr)) + "\n";
  }
  return out;
}

Value History::to_json() const {
  Value list = Value::list();
  for (const EpochRow& row : rows_) {
    Value metrics = Value::map();
    for (const Metric& metric : row.metrics) metrics.set(metric.name, metric.value);
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
      row.metrics.push_back({name, checked::number_or_word(value, name)});
    history.append(std::move(row));
  }
  return history;
}

}  // namespace dsnn::training
