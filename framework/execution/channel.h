#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsnn/value.h"

namespace dsnn::execution {

/// Length-framed JSON messages over a stream socket: 4 bytes little-endian length, then that many bytes. Owns the
/// descriptor. A message longer than 64 MiB, or no valid JSON, is refused with std::invalid_argument.
class Channel {
 public:
  Channel() = default;
  explicit Channel(int fd) : fd_(fd) {}
  ~Channel();
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();

  /// Writes all of it, waiting as long as it takes. False when the other side is gone.
  bool send(const Value& message);
  /// Waits for one message; nullopt when the other side is gone.
  std::optional<Value> receive();

  /// Without waiting: queues a message and writes what fits; flush() continues.
  void post(const Value& message);
  void flush();
  bool wants_to_write() const { return !outbox_.empty(); }
  /// Without waiting: every message that has arrived in full. Sets `ended` when the other side closed.
  std::vector<Value> drain(bool& ended);

 private:
  std::optional<Value> take_one();

  int fd_ = -1;
  std::string inbox_, outbox_;
};

}  // namespace dsnn::execution
