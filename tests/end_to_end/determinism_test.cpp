#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/study_run.h"

namespace dsnn::test {
namespace {

/// The trial table of the toy study with these arguments, in an output folder of its own.
std::string table_with(const ToyStudy& study, const std::string& out, std::vector<std::string> more) {
  more.insert(more.end(), {"--out", out, "--quiet"});
  const ProgramEnd end = study.run(more);
  EXPECT_EQ(end.exit_code, 0) << end.err;
  return study.table(out);
}

TEST(Determinism, OneTableWithOneTwoAndFourWorkers) {
  const ToyStudy study({"toy.jitter_ms=2"});
  const std::string one = table_with(study, "one", {"--workers", "1"});
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 61);
  EXPECT_EQ(table_with(study, "two", {"--workers", "2"}), one);
  EXPECT_EQ(table_with(study, "four", {"--workers", "4"}), one);
}

TEST(Determinism, ModelBasedProposalsDoNotDependOnWorkers) {
  const ToyStudy study({"toy.jitter_ms=2", "acquisition=parego", "limits.trials=40"});
  EXPECT_EQ(table_with(study, "four", {"--workers", "4"}), table_with(study, "one", {"--workers", "1"}));
}

TEST(Determinism, InlineTrialsGiveTheSameTable) {
  const ToyStudy study;
  EXPECT_EQ(table_with(study, "inline", {"--set", "execution.isolation=inline"}), table_with(study, "workers", {}));
}

TEST(Determinism, RecyclingWorkersChangesNothing) {
  const ToyStudy study({"limits.trials=20"});
  EXPECT_EQ(table_with(study, "recycled", {"--set", "execution.recycle.trials=1"}), table_with(study, "kept", {}));
}

TEST(Determinism, AnotherSeedGivesAnotherTable) {
  const ToyStudy study({"limits.trials=10"});
  EXPECT_NE(table_with(study, "a", {"--set", "seed=8"}), table_with(study, "b", {}));
}

}  // namespace
}  // namespace dsnn::test
