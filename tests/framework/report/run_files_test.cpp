#include "report/run_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "framework/store/store_fixture.h"
#include "store/csv.h"
#include "store/file.h"
#include "store/trial_table.h"

namespace dsnn::report {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
int64_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

class RunFiles : public store::StoreTest {};

TEST_F(RunFiles, AreWrittenFromTheStoreAlone) {
  const auto store = create();
  finish(*store, store::example_request(0), 0.1, 3);
  const TrialRequest request = store::example_request(4);
  store->add_trial(request, "");
  Evaluation e = store::example_evaluation(request, 0.05, 5);
  EnergyReading reading;
  reading.meter = "tdp";
  reading.source = "tdp_model";
  reading.scope = "cpu_pkg";
  reading.step = "training";
  reading.joules = 3.6e6;
  e.readings = {reading};
  e.seconds = 100;
  ASSERT_TRUE(store->tell(e, store->claim(4, "w", 1), {}));
  config::Grid grid;
  grid.country = "DEU";
  grid.year = 2025;
  grid.country_given = true;
  grid.pue = 2;
  write_run_files(folder_.path(), *store, grid);
  const std::string emissions = store::read_file(folder_.path() / "emissions.csv");
  EXPECT_EQ(std::count(emissions.begin(), emissions.end(), ','), 2 * 37);
  EXPECT_EQ(emissions.find("timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,"), 0u);
  EXPECT_NE(emissions.find(",100," + store::number_text(2 * 331.6 / 1000) + ","), std::string::npos) << emissions;
  const std::string pareto = store::read_file(folder_.path() / "pareto.csv");
  EXPECT_EQ(lines(pareto), 3);
  EXPECT_EQ(first_line(pareto), "number,knee,error,energy,budget.epochs,operator.method,training.lr,operator.lr_sign");
  EXPECT_EQ(store::read_file(folder_.path() / "trials.csv"),
            store::trial_table_csv(*store, store::Columns::reproducible));
  const std::string energy = store::read_file(folder_.path() / "energy.csv");
  EXPECT_NE(energy.find("4,training,cpu_pkg,tdp,tdp_model,3,"), std::string::npos);
  const std::string events = store::read_file(folder_.path() / "events.jsonl");
  EXPECT_EQ(lines(events), static_cast<int64_t>(store->events().size()));
  EXPECT_EQ(parse_json(first_line(events)).at("kind").string(), "proposed");
}

}  // namespace
}  // namespace dsnn::report
