#include "base/version.h"

namespace vouchsafe {

constinit const std::string_view program_version = VS_VERSION;

} // namespace vouchsafe
