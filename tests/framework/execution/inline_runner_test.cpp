#include "execution/inline_runner.h"

#include <gtest/gtest.h>

#include <csignal>

#include "execution/run_folder.h"
#include "support/study_run.h"
#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

TEST(InlineRunner, StopBeforeTheTrialBeganGivesItBack) {
  const test::TemporaryFolder folder;
  make_run_folder(folder.path());
  const plugin::Catalog catalog(test::toy_plugin_folders());
  const config::ExperimentSpec spec = test::load_spec(test::toy_experiment(), {}, catalog);
  StopSignals stop;
  InlineRunner runner(spec, catalog, folder.path(), &stop);
  study::Assignment trial;
  trial.request.configuration = spec.space.default_configuration();
  trial.fence = 5;
  runner.start(trial);
  ::raise(SIGTERM);
  const study::RunnerEvents events = runner.wait(0);
  ASSERT_EQ(events.outcomes.size(), 1u);
  EXPECT_EQ(events.outcomes[0].kind, study::Outcome::Kind::preempted);
  EXPECT_EQ(events.outcomes[0].fence, 5);
  EXPECT_TRUE(runner.has_idle());
}

}  // namespace
}  // namespace dsnn::execution
