#include "keyprovider/key_server_errors.h"

#include "kmip/failure.h"

#include <string>

namespace vouchsafe::keyprovider {

Error named(Error error, const inventory::KmipServer& server) {
    if (!error.detail.starts_with("key server "))
        error.detail = "key server " + server.name + ": " + error.detail;
    return error;
}

Error other_key(const inventory::KmipServer& server) {
    return named({.code = Errc::conflict,
                  .where = "primary_key.check_value",
                  .detail =
                      "does not hold the same primary key as the provider's other key servers; it is not "
                      "used until it does"},
                 server);
}

Error other_replica(const inventory::KmipServer& server, std::string_view why) {
    return named({.code = Errc::conflict,
                  .where = "primary_key.replica",
                  .detail = "does not open what the provider's other key servers seal (" + std::string(why) +
                            "); it is not used until it does"},
                 server);
}

bool is_over(const Error& error) {
    return error.where == "key_server.deadline";
}

bool may_be_the_blob(const Error& error) {
    const kmip::FailureClass kind = kmip::failure_class(error);
    return kind == kmip::FailureClass::final || kind == kmip::FailureClass::server_fault;
}

Error not_opened(const Error& error) {
    const bool sure = kmip::failure_class(error) == kmip::FailureClass::final;
    return {.code = sure ? Errc::untrusted : Errc::unavailable,
            .where = "blob.open",
            .detail =
                error.detail + (sure ? "" : "; it may be another blob or context, or the server's fault")};
}

} // namespace vouchsafe::keyprovider
