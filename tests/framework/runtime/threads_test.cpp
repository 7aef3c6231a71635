#include "runtime/threads.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace dsnn::runtime {
namespace {

TEST(ThreadsWorth, SmallStepsGetOneThread) {
  EXPECT_EQ(threads_worth(0), 1);
  EXPECT_EQ(threads_worth(1e8), 1);
  EXPECT_EQ(threads_worth(1.9e8), 1);
}

TEST(ThreadsWorth, LargeStepsGetAllThatTheProcessBeganWithWhateverWasSetSince) {
  const int given = threads_worth(1e18);
  set_threads(given + 3);
  EXPECT_EQ(threads_worth(1e18), given);
  EXPECT_EQ(at::get_num_threads(), given + 3);
  set_threads(1);
  EXPECT_EQ(threads_worth(1e18), given);
}

}  // namespace
}  // namespace dsnn::runtime
