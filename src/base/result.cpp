#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace vouchsafe {

std::string_view to_string(Errc code) {
    switch (code) {
    case Errc::malformed:
        return "malformed";
    case Errc::too_large:
        return "too_large";
    case Errc::untrusted:
        return "untrusted";
    case Errc::denied:
        return "denied";
    case Errc::unauthenticated:
        return "unauthenticated";
    case Errc::not_found:
        return "not_found";
    case Errc::exists:
        return "exists";
    case Errc::conflict:
        return "conflict";
    case Errc::busy:
        return "busy";
    case Errc::expired:
        return "expired";
    case Errc::unavailable:
        return "unavailable";
    case Errc::timed_out:
        return "timed_out";
    case Errc::unsupported:
        return "unsupported";
    case Errc::internal:
        return "internal";
    }
    std::unreachable();
}

void check_failed(const char* expression, const char* file, int line) {
    (void)std::fprintf(stderr, "vouchsafe: broken promise: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

} // namespace vouchsafe
