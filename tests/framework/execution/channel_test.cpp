#include "execution/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace dsnn::execution {
namespace {

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    left_ = Channel(fds[0]);
    right_ = Channel(fds[1]);
  }
  void raw(const std::string& bytes) {
    EXPECT_EQ(::write(left_.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  Channel left_, right_;
};

TEST_F(ChannelTest, MessagesArriveInOrder) {
  EXPECT_TRUE(left_.send(Value("one")));
  EXPECT_TRUE(left_.send(Value(Value::Map{{"two", Value(2)}})));
  EXPECT_EQ(right_.receive()->string(), "one");
  EXPECT_EQ(right_.receive()->at("two").integer(), 2);
}

TEST_F(ChannelTest, MessageCutIntoPiecesIsPutTogether) {
  raw(std::string("\x05\0", 2));
  bool ended = false;
  EXPECT_TRUE(right_.drain(ended).empty());
  raw(std::string("\0\0\"ab", 5));
  EXPECT_TRUE(right_.drain(ended).empty());
  raw("c\"");
  const auto messages = right_.drain(ended);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].string(), "abc");
  EXPECT_FALSE(ended);
}

TEST_F(ChannelTest, MessageLargerThanTheSocketsBufferGoesThroughInSteps) {
  const std::string big(3'000'000, 'x');
  left_.post(Value(big));
  EXPECT_TRUE(left_.wants_to_write());
  std::vector<Value> got;
  bool ended = false;
  while (got.empty()) {
    left_.flush();
    got = right_.drain(ended);
  }
  EXPECT_EQ(got[0].string(), big);
}

TEST_F(ChannelTest, LengthOfALiarIsRefusedBeforeAnythingIsAllocated) {
  raw("\xff\xff\xff\xff");
  bool ended = false;
  EXPECT_THROW(right_.drain(ended), std::invalid_argument);
}

TEST_F(ChannelTest, BrokenJsonIsRefused) {
  raw(std::string("\x02\0\0\0{,", 6));
  EXPECT_THROW(right_.receive(), std::invalid_argument);
}

TEST_F(ChannelTest, EndOfTheOtherSideIsSeen) {
  left_.close();
  bool ended = false;
  EXPECT_TRUE(right_.drain(ended).empty());
  EXPECT_TRUE(ended);
  EXPECT_FALSE(right_.receive().has_value());
  EXPECT_FALSE(right_.send(Value(1)));
}

}  // namespace
}  // namespace dsnn::execution
