#include "cli/enrolments.h"

#include "attestation/kept_evidence.h"
#include "cli/command.h"
#include "crypto/digest.h"
#include "json/members.h"

#include <cstdint>

namespace vouchsafe::cli {

namespace {

/// One part of the evidence of a host.
struct Part {
    std::string digest; ///< of the whole
    std::uint64_t size = 0;
    Buffer bytes;
};

Result<Part> fetch_part(Connection& connection, const std::string& host, std::uint64_t offset) {
    VS_TRY(const json::Value answer,
           connection.call(
               "vouchsafe.enrolments", "evidence", json::object({{"host", host}, {"offset", offset}})));
    json::Members members(answer, "evidence");
    Part out;
    VS_TRY(out.digest, members.string("digest"));
    VS_TRY(const std::int64_t size,
           members.integer("size", {.least = 1, .most = attestation::max_kept_evidence_bytes}));
    out.size = static_cast<std::uint64_t>(size);
    VS_TRY(out.bytes, members.base64("bytes"));
    if (out.bytes.empty() || out.bytes.size() > out.size - offset)
        return fail(Errc::malformed, "evidence.bytes", "the server's answer is no part of the evidence");
    return out;
}

} // namespace

Result<std::string> enrolment_id(Connection& connection, const std::string& name) {
    VS_TRY(const json::Value all, connection.call("vouchsafe.enrolments", "list", json::object({})));
    std::string found;
    for (const json::Value& item : all.as_array()) {
        if (cell(item, "host") == name)
            return name;
        if (cell(item, "label") != name || cell(item, "state") == "removed")
            continue;
        if (!found.empty())
            return fail(Errc::conflict,
                        "enrolment.label",
                        "several enrolments have the label " + name + "; use the id");
        found = cell(item, "host");
    }
    if (found.empty())
        return fail(Errc::not_found, "enrolment", "there is no enrolment " + name);
    return found;
}

Result<Buffer> fetch_evidence(Connection& connection, const std::string& host) {
    VS_TRY(Part first, fetch_part(connection, host, 0));
    Buffer out = std::move(first.bytes);
    while (out.size() < first.size) {
        say("evidence: " + std::to_string(out.size()) + " of " + std::to_string(first.size) + " bytes");
        VS_TRY(const Part next, fetch_part(connection, host, out.size()));
        if (next.digest != first.digest || next.size != first.size)
            return fail(Errc::conflict,
                        "evidence.moved",
                        "the host attested meanwhile, and left other evidence; try again");
        out.insert(out.end(), next.bytes.begin(), next.bytes.end());
    }
    if (to_hex(crypto::sha256(out)) != first.digest)
        return fail(Errc::untrusted, "evidence.digest", "the parts are not the evidence that was announced");
    return out;
}

void print_reasons(const json::Value& item) {
    const json::Value* const reasons = item.find("reasons");
    if (reasons == nullptr || !reasons->is_array())
        return;
    for (const json::Value& reason : reasons->as_array()) {
        print("reason " + printable(cell(reason, "code")) + ": " + printable(cell(reason, "message")));
        if (const json::Value* const event = reason.find("event"); event != nullptr && event->is_object())
            print("  event " + cell(*event, "index") + ", PCR " + cell(*event, "pcr") + ", " +
                  printable(cell(*event, "type")) + ": " + printable(cell(*event, "description")) + "\n  " +
                  cell(*event, "bank") + " " + cell(*event, "digest"));
        if (const json::Value* const expected = reason.find("expected");
            expected != nullptr && expected->is_array())
            for (const json::Value& wanted : expected->as_array())
                print("  expected " + cell(wanted, "digest") + " " + printable(cell(wanted, "description")) +
                      (cell(wanted, "image").empty() ? ""
                                                     : " (image " + printable(cell(wanted, "image")) + ")"));
        if (!cell(reason, "hint").empty())
            print("  hint: " + printable(cell(reason, "hint")));
    }
}

} // namespace vouchsafe::cli
