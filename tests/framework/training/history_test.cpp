#include "training/history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dsnn::training {
namespace {

History sample() {
  History history;
  history.append({.epoch = 1,
                  .metrics = {{"train.loss", 1.25}, {"train.top1", 0.5}, {"train.top5", 0.75}},
                  .seconds = 2,
                  .lr = 0.1});
  history.append({.epoch = 2,
                  .metrics = {{"train.loss", 1.0 / 3},
                              {"validation.loss", std::numeric_limits<double>::infinity()},
                              {"validation.top1", 0.25}},
                  .seconds = 1.5,
                  .lr = 0.01});
  return history;
}

TEST(History, CsvHasTheDocumentedColumnsAndEmptyCellsForWhatWasNotMeasured) {
  EXPECT_EQ(sample().csv(),
            "epoch,train_loss,train_top1,train_top5,val_loss,val_top1,val_top5,seconds,cumulative_seconds,lr\n"
            "1,1.25,0.5,0.75,,,,2,2,0.10000000000000001\n"
            "2,0.33333333333333331,,,inf,0.25,,1.5,3.5,0.01\n");
}

TEST(History, SurvivesJsonExactly) {
  const History history = sample();
  const History back = History::from_json(parse_json(to_json(history.to_json())).items());
  EXPECT_EQ(back.csv(), history.csv());
  EXPECT_EQ(find_metric(back.rows()[0].metrics, "train.top5")->value, 0.75);
}

}  // namespace
}  // namespace dsnn::training
