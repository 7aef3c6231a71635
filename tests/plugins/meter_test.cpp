#include <gtest/gtest.h>

#include "support/components.h"
#include "tdp.h"

namespace {

/// A machine whose clocks a test turns by hand.
struct FakeMachine {
  int64_t wall_ns = 1'000'000'000;
  double cpu_seconds = 5;
  tdp::Machine machine(int logical_cpus, std::string name = "Test CPU") {
    return {.monotonic_ns = [this] { return wall_ns; },
            .cpu_seconds = [this] { return cpu_seconds; },
            .logical_cpus = logical_cpus,
            .cpu_name = std::move(name)};
  }
  void pass(double seconds, double busy) {
    wall_ns += static_cast<int64_t>(seconds * 1e9);
    cpu_seconds += busy;
  }
};

dsnn::EnergyReading reading_of(tdp::TdpMeter& meter, FakeMachine& fake, double seconds, double busy) {
  const dsnn::Mark from = meter.mark();
  fake.pass(seconds, busy);
  return meter.between(from, meter.mark()).at(0);
}

TEST(TdpMeter, AFullyBusyPackageDrawsItsTdp) {
  FakeMachine fake;
  tdp::TdpMeter meter(fake.machine(4), 80.0, 0.1);
  EXPECT_NEAR(*reading_of(meter, fake, 10, 40).joules, 800, 1e-9);
}

TEST(TdpMeter, TwoWorkersTogetherDoNotBillThePackageTwice) {
  FakeMachine a, b;
  tdp::TdpMeter first(a.machine(2), 60.0, 0.3), second(b.machine(2), 60.0, 0.3);
  EXPECT_NEAR(*reading_of(first, a, 10, 10).joules + *reading_of(second, b, 10, 10).joules, 600, 1e-9);
}

TEST(TdpMeter, AWaitingWorkerPaysTheIdleShareOfOneCpu) {
  FakeMachine fake;
  tdp::TdpMeter meter(fake.machine(2), 60.0, 0.25);
  EXPECT_NEAR(*reading_of(meter, fake, 10, 0).joules, 10 * 30 * 0.25, 1e-9);
}

TEST(TdpMeter, SaysThatItIsAModel) {
  FakeMachine fake;
  tdp::TdpMeter meter(fake.machine(2), 60.0, 0.1);
  const dsnn::EnergyReading r = reading_of(meter, fake, 2, 1);
  EXPECT_EQ(r.source, "tdp_model");
  EXPECT_EQ(r.scope, "cpu_pkg");
  EXPECT_EQ(r.attribution, "cpu_share");
  EXPECT_DOUBLE_EQ(r.seconds, 2);
  EXPECT_GE(r.sigma_joules, 0.5 * *r.joules);
  EXPECT_EQ(meter.rank(), 3);
  EXPECT_NE(meter.probe().why.find("not a measurement"), std::string::npos);
}

TEST(TdpMeter, AnEmptyWindowIsMissingAndNotZero) {
  FakeMachine fake;
  tdp::TdpMeter meter(fake.machine(2), 60.0, 0.1);
  const dsnn::EnergyReading r = reading_of(meter, fake, 0, 0);
  EXPECT_FALSE(r.joules.has_value());
  EXPECT_FALSE(r.why_missing.empty());
}

TEST(TdpMeter, WindowsNest) {
  FakeMachine fake;
  tdp::TdpMeter meter(fake.machine(2), 60.0, 0.1);
  const dsnn::Mark outer = meter.mark();
  const double first = *reading_of(meter, fake, 1, 1).joules, second = *reading_of(meter, fake, 3, 2).joules;
  EXPECT_NEAR(*meter.between(outer, meter.mark())[0].joules, first + second, 1e-9);
}

TEST(TdpMeter, TakesThePowerOfAKnownProcessorPerThread) {
  FakeMachine fake;
  EXPECT_DOUBLE_EQ(tdp::core_power(fake.machine(2, "AMD EPYC 7763 64-Core Processor"), std::nullopt).watts,
                   280.0 / 128);
  EXPECT_DOUBLE_EQ(tdp::core_power(fake.machine(4, "AMD EPYC 7763 64-Core Processor"), 100.0).watts, 25);
  const tdp::CorePower unknown = tdp::core_power(fake.machine(2, "Mystery"), std::nullopt);
  EXPECT_DOUBLE_EQ(unknown.watts, 4);
  EXPECT_NE(unknown.source.find("set tdp_watts"), std::string::npos);
}

TEST(MeterConformance, EveryMeterReadsAWindowOrSaysWhyNot) {
  dsnn::test::Components plugins;
  for (const auto* info : plugins.catalog().of(dsnn::Kind::meter)) {
    const auto meter = plugins.make<dsnn::Meter>(info->name);
    EXPECT_GE(meter->rank(), 1);
    EXPECT_LE(meter->rank(), 4);
    EXPECT_FALSE(meter->probe().why.empty());
    if (!meter->probe().available) continue;
    const dsnn::Mark from = meter->mark();
    for (const dsnn::EnergyReading& r : meter->between(from, meter->mark())) {
      EXPECT_EQ(r.meter, info->name);
      EXPECT_TRUE(r.joules.has_value() != !r.why_missing.empty());
    }
  }
}

}  // namespace
