// The parts that the table is put together from, a file each.
#pragma once

#include "api/operation.h"

#include <span>

namespace vouchsafe::api {

std::span<const Operation> session_operations();
std::span<const Operation> authority_operations();
std::span<const Operation> provider_operations();
std::span<const Operation> workload_operations();
std::span<const Operation> vouchsafe_operations();

} // namespace vouchsafe::api
