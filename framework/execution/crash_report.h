#pragma once

namespace dsnn::execution {

/// Lets a fatal signal of this process write one line to stderr before it ends it: "crashed: signal SIGSEGV in
/// plugins/x.dsnn.so". The line names the innermost plugin on the stack, or the library the signal came from.
void install_crash_report();

/// How that line begins.
inline constexpr const char* kCrashPrefix = "crashed: ";

}  // namespace dsnn::execution
