#include "training/energy_windows.h"

#include <gtest/gtest.h>

#include <deque>

namespace dsnn::training {
namespace {

/// Two devices under one meter: 30 W and 10 W. Time is what the test says.
class TwoDevices : public Meter {
 public:
  static inline std::deque<int64_t> instants;
  static inline bool second_fails = false;

  Capability probe() const override { return {.available = true, .why = ""}; }
  int rank() const override { return 1; }
  Mark mark() override {
    const int64_t now = instants.front();
    instants.pop_front();
    return {.monotonic_ns = now * 1'000'000'000, .counters = {}};
  }
  std::vector<EnergyReading> between(const Mark& from, const Mark& to) const override {
    const double seconds = static_cast<double>(to.monotonic_ns - from.monotonic_ns) * 1e-9;
    std::vector<EnergyReading> out(2);
    for (EnergyReading& reading : out) {
      reading.meter = "two";
      reading.source = "nvml_counter";
      reading.scope = "gpu";
      reading.seconds = seconds;
      reading.sigma_joules = 1;
    }
    out[0].joules = 30 * seconds;
    if (!second_fails) out[1].joules = 10 * seconds;
    if (second_fails) out[1].why_missing = "fell off the bus";
    return out;
  }
};

class Meters : public ComponentFactory {
  void* create(Kind, const ConfigView&) const override { return static_cast<Meter*>(new TwoDevices); }
};

class EnergyWindowsTest : public testing::Test {
 protected:
  EnergyWindowsTest() { TwoDevices::second_fails = false; }

  const Value experiment_ = parse_json(R"({"meters":{"use":[{"type":"two"}]}})");
  const Origins origins_;
  const Meters meters_;
};

TEST_F(EnergyWindowsTest, SecondsCountOncePerWindowHoweverManyDevicesAMeterHas) {
  TwoDevices::instants = {0, 10, 20, 25};
  EnergyWindows windows(ConfigView(experiment_, "", origins_), meters_);
  windows.open();
  windows.close("training");
  windows.open();
  windows.close("training");
  ASSERT_EQ(windows.readings().size(), 1u);
  const EnergyReading& sum = windows.readings().front();
  EXPECT_DOUBLE_EQ(sum.seconds, 15);
  EXPECT_DOUBLE_EQ(sum.joules.value(), 600);
  EXPECT_DOUBLE_EQ(sum.joules.value() / sum.seconds, 40) << "mean power of both together";
  EXPECT_DOUBLE_EQ(sum.sigma_joules, 4);
}

TEST_F(EnergyWindowsTest, ADeviceThatCannotBeReadMakesTheSumUnknown) {
  TwoDevices::instants = {0, 10};
  TwoDevices::second_fails = true;
  EnergyWindows windows(ConfigView(experiment_, "", origins_), meters_);
  windows.open();
  windows.close("validation");
  ASSERT_EQ(windows.readings().size(), 1u);
  EXPECT_FALSE(windows.readings().front().joules.has_value());
  EXPECT_EQ(windows.readings().front().why_missing, "fell off the bus");
}

}  // namespace
}  // namespace dsnn::training
