// Within net: steps of others whose exceptions end with them.
#pragma once

#include <exception>
#include <new>

namespace vouchsafe::net {

/// Whether `step` ended without an exception. Want of memory ends the process.
template <class Step> bool completes(Step&& step) {
    try {
        step();
        return true;
    } catch (const std::bad_alloc&) {
        std::terminate();
    } catch (...) {
        return false;
    }
}

} // namespace vouchsafe::net
