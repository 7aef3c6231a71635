#include "store/trial_table.h"

#include <cmath>

#include "store/csv.h"
#include "store/file.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
int64_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

void fill(Store& store) {
  store.add_trial(example_request(0), "");
  ASSERT_TRUE(store.tell(example_evaluation(example_request(0), 0.1, 3), store.claim(0, "w", 1), {}));
  TrialRequest ps = example_request(1, 3);
  ps.origin = Origin::promoted;
  ps.parent = 0;
  ps.configuration.values = {
      {"operator.method", Value("ps")}, {"training.lr", Value(0.3)}, {"operator.lr_sign", Value(1.0 / 3)}};
  store.add_trial(ps, "");
  Evaluation diverged = example_evaluation(ps, std::nan(""), 3);
  diverged.state = TrialState::diverged;
  diverged.metrics = {{"validation.loss", std::nan("")}};
  ASSERT_TRUE(store.tell(diverged, store.claim(1, "w", 1), {}));
  store.add_trial(example_request(2), "");
  Evaluation failed;
  failed.request = example_request(2);
  failed.state = TrialState::failed;
  failed.fail = FailKind::oom;
  failed.message = "out of \"memory\", sorry";
  ASSERT_TRUE(store.tell(failed, store.claim(2, "w", 1), {}));
  store.add_trial(example_request(3), "");
  store.claim(3, "w", 1);
}

TEST_F(StoreTest, TrialTableHasExactlyTheseBytes) {
  const auto store = create();
  fill(*store);
  const std::string expected =
      "number,parent,origin,state,fail_kind,bracket,rung,budget.epochs,operator.method,training.lr,operator.lr_sign,"
      "error,energy,validation.loss\n"
      "0,,proposed,complete,,0,0,9,q,0.10000000000000001,,0.10000000000000001,3,0.20000000000000001\n"
      "1,0,promoted,diverged,,0,0,3,ps,0.29999999999999999,0.33333333333333331,nan,3,nan\n"
      "2,,proposed,failed,oom,0,0,9,q,0.10000000000000001,,,,\n";
  EXPECT_EQ(trial_table_csv(*store, Columns::reproducible), expected);
  EXPECT_EQ(trial_table_sha256(*store), sha256_hex(expected));
}

TEST_F(StoreTest, TrialTableIsBlindToAttemptsAndTimes) {
  const auto store = create();
  fill(*store);
  const std::string before = trial_table_sha256(*store);
  store->release(3, {}, true);
  store->claim(3, "another", 7);
  store->add_event(3, "warning", Value("x"));
  EXPECT_EQ(trial_table_sha256(*store), before);
}

TEST_F(StoreTest, AllColumnsAddWhatTheClockAndTheMetersGave) {
  const auto store = create();
  fill(*store);
  const std::string csv = trial_table_csv(*store, Columns::all);
  for (const char* column : {"attempts", "host", "seconds", "message", "step.seconds"}) {
    EXPECT_NE(first_line(csv).find(column), std::string::npos) << column;
  }
  EXPECT_NE(csv.find("\"out of \"\"memory\"\", sorry\""), std::string::npos);
  EXPECT_EQ(lines(csv), 4);
}

TEST_F(StoreTest, JsonLinesHoldOneObjectPerFinishedTrial) {
  const auto store = create();
  fill(*store);
  const std::string text = trial_table_jsonl(*store, Columns::reproducible);
  EXPECT_EQ(lines(text), 3);
  const Value first = parse_json(first_line(text));
  EXPECT_EQ(first.at("objectives").at("error").number(), 0.1);
  EXPECT_EQ(first.at("budget").at("epochs").number(), 9);
  EXPECT_EQ(first.find("host"), nullptr);
  EXPECT_NE(trial_table_jsonl(*store, Columns::all).find("\"host\""), std::string::npos);
}

TEST(Csv, QuotesWhatNeedsIt) {
  EXPECT_EQ(csv_row({"=1+1", "-0.5"}), "=1+1,-0.5\n") << "what programs compare is as it is";
  EXPECT_EQ(csv_row_for_people({"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "a=b"}),
            "'=1+1,'+cmd|' /C calc'!A0,'-2+3,'@SUM(A1),'\tx,\"'\rx\",a=b\n");
  EXPECT_EQ(csv_row_for_people({"-0.5", "+1e-3", "-inf", "-nan", "-", ""}), "-0.5,+1e-3,-inf,-nan,'-,\n");
  EXPECT_EQ(csv_row({"a", "b,c", "d\"e", "f\ng", ""}), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
  EXPECT_EQ(number_text(1.0), "1");
  EXPECT_EQ(number_text(-INFINITY), "-inf");
}

}  // namespace
}  // namespace dsnn::store
