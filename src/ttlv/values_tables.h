// The tables of values, a file for each topic; only values.cpp puts them together.
#pragma once

#include "ttlv/values.h"

#include <span>

namespace vouchsafe::ttlv::tables {

struct Set {
    Values set;
    std::span<const NamedValue> rows;
};

std::span<const Set> cryptography();
std::span<const Set> objects();
std::span<const Set> pkcs11();
std::span<const Set> profiles();
std::span<const Set> protocol();

} // namespace vouchsafe::ttlv::tables
