#include "config/did_you_mean.h"

#include <vector>

#include <gtest/gtest.h>

namespace dsnn::config {
namespace {

const std::vector<std::string> kKeys = {"learning_rate", "momentum", "lr", "epochs"};

TEST(DidYouMean, FindsTheNearestWord) {
  EXPECT_EQ(did_you_mean("learing_rate", kKeys), "learning_rate");
  EXPECT_EQ(did_you_mean("momnetum", kKeys), "momentum");  // a swap counts once
  EXPECT_EQ(did_you_mean("epoch", kKeys), "epochs");
}

TEST(DidYouMean, AShortWordIsNotTurnedIntoAnother) {
  EXPECT_FALSE(did_you_mean("xy", kKeys));
  EXPECT_FALSE(did_you_mean("weights", kKeys));
}

TEST(DidYouMean, FewCandidatesAreListed) {
  EXPECT_EQ(suggestion("zzzzzzz", kKeys), "one of learning_rate, momentum, lr, epochs");
  EXPECT_EQ(suggestion("zzzzzzz", std::vector<std::string>(9, "key")), "");
}

}  // namespace
}  // namespace dsnn::config
