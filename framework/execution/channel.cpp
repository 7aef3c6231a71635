#include "execution/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace dsnn::execution {
namespace {

constexpr size_t kHeader = 4;
constexpr size_t kMaxMessage = size_t{64} << 20;

std::string framed(const Value& message) {
  const std::string text = to_json(message);
  const auto length = static_cast<uint32_t>(text.size());
  std::string out;
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>((length >> (8 * i)) & 0xFF));
  return out + text;
}

}  // namespace

Channel::~Channel() { close(); }

Channel::Channel(Channel&& other) noexcept { *this = std::move(other); }

Channel& Channel::operator=(Channel&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  inbox_ = std::move(other.inbox_);
  outbox_ = std::move(other.outbox_);
  return *this;
}

void Channel::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool Channel::send(const Value& message) {
  const std::string bytes = framed(message);
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

std::optional<Value> Channel::receive() {
  while (true) {
    if (auto message = take_one()) return message;
    char buffer[65536];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    inbox_.append(buffer, static_cast<size_t>(n));
  }
}

void Channel::post(const Value& message) {
  outbox_ += framed(message);
  flush();
}

void Channel::flush() {
  while (!outbox_.empty() && open()) {
    const ssize_t n = ::send(fd_, outbox_.data(), outbox_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) return outbox_.clear();  // the reader is gone; its end is seen elsewhere
    outbox_.erase(0, static_cast<size_t>(n));
  }
}

std::vector<Value> Channel::drain(bool& ended) {
  char buffer[65536];
  while (open()) {
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (n <= 0) {
      ended = true;
      break;
    }
    inbox_.append(buffer, static_cast<size_t>(n));
  }
  std::vector<Value> out;
  while (auto message = take_one()) out.push_back(std::move(*message));
  return out;
}

std::optional<Value> Channel::take_one() {
  if (inbox_.size() < kHeader) return std::nullopt;
  size_t length = 0;
  for (size_t i = 0; i < kHeader; ++i) length |= static_cast<size_t>(static_cast<unsigned char>(inbox_[i])) << (8 * i);
  if (length > kMaxMessage)
    throw std::invalid_argument("a message of " + std::to_string(length) + " bytes is longer than 64 MiB");
  if (inbox_.size() < kHeader + length) return std::nullopt;
  Value message = parse_json(std::string_view(inbox_).substr(kHeader, length));
  inbox_.erase(0, kHeader + length);
  return message;
}

}  // namespace dsnn::execution
