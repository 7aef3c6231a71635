#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "dsnn/search_space.h"
#include "store/store.h"
#include "support/temporary_folder.h"

namespace dsnn::store {

using test::TemporaryFolder;

inline Target objective(const std::string& name, const std::string& metric) {
  Target t;
  t.name = name;
  t.metric = metric;
  return t;
}

inline SearchSpace example_space() {
  Parameter method;
  method.id = "operator.method";
  method.domain.type = Domain::Type::choice;
  method.domain.choices = {Value("q"), Value("ps")};
  method.default_value = "q";
  Parameter rate;
  rate.id = "training.lr";
  rate.domain.lo = 1e-4;
  rate.domain.hi = 1;
  rate.default_value = 0.1;
  Parameter sign;
  sign.id = "operator.lr_sign";
  sign.domain.lo = 0;
  sign.domain.hi = 1;
  sign.default_value = 0.5;
  sign.active_when = {{.parent = 0, .first = 1, .last = 1}};
  return SearchSpace({method, rate, sign});
}

inline StudyRecord example_study() {
  StudyRecord s;
  s.name = "example";
  s.uuid = "00000000-0000-4000-8000-000000000001";
  s.spec_json = "{}";
  s.spec_sha256 = "0";
  s.spec_yaml = "schema: dsnn/1\n";
  s.state = "running";
  s.seed = 0xFFFFFFFFFFFFFFF7u;
  s.algorithm = "hyperband/parego";
  s.targets = {objective("error", "validation.error"), objective("energy", "inference.energy_mj")};
  for (const char* metric : {"validation.error", "validation.loss", "inference.energy_mj"}) {
    s.targets.push_back(objective(metric, metric));
    s.targets.back().role = Target::Role::recorded;
  }
  s.space = example_space().to_json();
  s.budget_axes = {"epochs"};
  return s;
}

inline TrialRequest example_request(int64_t number, double budget = 9) {
  TrialRequest r;
  r.number = number;
  r.root = number;
  r.seed = 0x8000000000000001u + static_cast<uint64_t>(number);
  r.configuration.values = {{"operator.method", Value("q")}, {"training.lr", Value(0.1)}};
  r.budget.value = {budget};
  return r;
}

inline Evaluation example_evaluation(const TrialRequest& request, double error, double energy) {
  Evaluation e;
  e.request = request;
  e.objectives = {{.value = error, .std_error = {}}, {.value = energy, .std_error = {}}};
  e.metrics = {{"validation.error", error},
               {"inference.energy_mj", energy},
               {"validation.loss", 2 * error},
               {"step.seconds", 1.5}};
  e.seconds = 1.5;
  e.resource_spent = 1;
  return e;
}

/// A store in a temporary folder.
class StoreTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "study.sqlite"; }
  std::unique_ptr<Store> create() const {
    auto store = open_sqlite(file(), Open::create);
    store->create_study(example_study(), {{"deepshift", "0.1.0", "abi", "sha"}});
    return store;
  }
  static void finish(Store& store, const TrialRequest& request, double error, double energy) {
    store.add_trial(request, "view");
    const int64_t fence = store.claim(request.number, "w0", 1);
    ASSERT_TRUE(store.tell(example_evaluation(request, error, energy), fence, {}));
  }

  TemporaryFolder folder_;
};

}  // namespace dsnn::store
