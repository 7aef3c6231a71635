#include "tdp.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

namespace tdp {
namespace {

constexpr double kWattsPerLogicalCpu = 4.0;  // CodeCarbon's assumption for an unknown processor
constexpr double kRelativeSigma = 0.5;       // the model has been seen off by a factor of two either way

struct Processor {
  std::string_view name;  ///< part of the model name
  double watts;
  int threads;  ///< of one package
};
constexpr std::array kProcessors = {
    Processor{"EPYC 9654", 360, 192},     Processor{"EPYC 7763", 280, 128},    Processor{"EPYC 7742", 225, 128},
    Processor{"EPYC 7702", 200, 128},     Processor{"EPYC 7443", 200, 48},     Processor{"Platinum 8480", 350, 112},
    Processor{"Platinum 8380", 270, 80},  Processor{"Gold 6248 ", 150, 40},    Processor{"Gold 6148", 150, 40},
    Processor{"Gold 6130", 125, 32},      Processor{"E5-2680 v4", 120, 28},    Processor{"E5-2690 v4", 135, 28},
    Processor{"Ryzen 9 7950X ", 170, 32}, Processor{"Ryzen 9 5950X", 105, 32}, Processor{"Ryzen 7 5800X ", 105, 16},
    Processor{"Ryzen 5 5600X", 65, 12},   Processor{"i9-13900K", 125, 32},     Processor{"i9-12900K", 125, 24},
    Processor{"i7-12700", 65, 20},        Processor{"i7-8700", 65, 12},        Processor{"i7-8565U", 15, 8},
    Processor{"i5-8250U", 15, 8}};

std::string model_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

std::string watts_text(double watts) {
  std::string text = std::to_string(watts);
  text.resize(text.find('.') + 2);
  return text + " W";
}

}  // namespace

Machine this_machine() {
  const auto clock = [](clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return now;
  };
  Machine machine;
  machine.monotonic_ns = [clock] {
    const timespec t = clock(CLOCK_MONOTONIC);
    return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
  };
  machine.cpu_seconds = [clock] {
    const timespec t = clock(CLOCK_PROCESS_CPUTIME_ID);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  machine.logical_cpus = static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  machine.cpu_name = model_name();
  return machine;
}

CorePower core_power(const Machine& machine, std::optional<double> tdp_watts) {
  if (tdp_watts) {
    return {*tdp_watts / machine.logical_cpus,
            watts_text(*tdp_watts) + " as given over " + std::to_string(machine.logical_cpus) + " logical CPUs"};
  }
  for (const Processor& p : kProcessors) {
    if ((machine.cpu_name + " ").find(p.name) == std::string::npos) continue;
    return {p.watts / p.threads,
            watts_text(p.watts) + " of '" + machine.cpu_name + "' over its " + std::to_string(p.threads) + " threads"};
  }
  return {kWattsPerLogicalCpu, watts_text(kWattsPerLogicalCpu) + " per logical CPU, because no figure is known for '" +
                                   (machine.cpu_name.empty() ? "an unnamed processor" : machine.cpu_name) +
                                   "'; set tdp_watts"};
}

TdpMeter::TdpMeter(Machine machine, std::optional<double> tdp_watts, double idle_fraction)
    : machine_(std::move(machine)), power_(core_power(machine_, tdp_watts)), idle_fraction_(idle_fraction) {}

dsnn::Capability TdpMeter::probe() const {
  return {.available = true, .why = "a model of CPU time, not a measurement: " + power_.source};
}

dsnn::Mark TdpMeter::mark() { return {.monotonic_ns = machine_.monotonic_ns(), .counters = {machine_.cpu_seconds()}}; }

std::vector<dsnn::EnergyReading> TdpMeter::between(const dsnn::Mark& from, const dsnn::Mark& to) const {
  dsnn::EnergyReading reading;
  reading.meter = "tdp";
  reading.source = "tdp_model";
  reading.scope = "cpu_pkg";
  reading.attribution = "cpu_share";
  reading.seconds = 1e-9 * static_cast<double>(to.monotonic_ns - from.monotonic_ns);
  if (reading.seconds <= 0 || from.counters.empty() || to.counters.empty()) {
    reading.why_missing = "the window has no length";
    return {std::move(reading)};
  }
  const double busy = std::clamp(to.counters[0] - from.counters[0], 0.0, reading.seconds * machine_.logical_cpus);
  const double occupied = std::max(busy, reading.seconds);  // CPU seconds kept from others
  reading.joules = power_.watts * (idle_fraction_ * occupied + (1 - idle_fraction_) * busy);
  reading.sigma_joules = kRelativeSigma * *reading.joules;
  return {std::move(reading)};
}

}  // namespace tdp
