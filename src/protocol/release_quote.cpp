#include "protocol/release_quote.h"

#include "json/members.h"
#include "protocol/parts.h"
#include "protocol/statement.h"

namespace vouchsafe::protocol {

json::Value ReleaseQuote::to_json() const {
    return json::object({{"attest", to_base64(attest)},
                         {"signature", to_base64(signature)},
                         {"pcrs", json::array_of(pcrs, [](const PcrBank& bank) { return bank.to_json(); })},
                         {"statement", to_base64(as_bytes(statement))},
                         {"ima_log", base64_or_null(ima_log)}});
}

Result<ReleaseQuote> ReleaseQuote::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    ReleaseQuote out;
    VS_TRY(out.attest, bytes(m, "attest", {1, max_attest_bytes}));
    VS_TRY(out.signature, bytes(m, "signature", {1, max_attest_bytes}));
    VS_TRY(out.pcrs, m.list<PcrBank>("pcrs", max_banks, PcrBank::from_json));
    VS_TRY(const Buffer statement, bytes(m, "statement", {1, max_statement_bytes}));
    out.statement = as_text(statement);
    VS_TRY(out.ima_log, optional_bytes(m, "ima_log", {0, max_ima_increment_bytes}));
    VS_TRY_VOID(m.finish());
    return out;
}

} // namespace vouchsafe::protocol
