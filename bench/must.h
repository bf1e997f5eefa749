// Steps of a benchmark that must not fail: the figures would not count.
#pragma once

#include "base/result.h"

#include <cstdio>
#include <utility>

namespace vouchsafe::bench {

/// The value; what failed otherwise ends the process, after it was said.
template <class T> T must(Result<T> result) {
    if (!result)
        std::fprintf(stderr, "%s: %s\n", result.error().where.c_str(), result.error().detail.c_str());
    VS_CHECK(result.has_value());
    return *std::move(result);
}

} // namespace vouchsafe::bench
