// What the compiler must refuse: a grant that the gate did not make, a key without a grant, and an answer
// without a record. Each CASE is compiled by itself; without one the file compiles, which shows that nothing
// else is wrong with it.
#include "keyprovider/blob.h"
#include "keyprovider/gate.h"
#include "keyprovider/release.h"

using namespace vouchsafe;
using namespace vouchsafe::keyprovider;

// With a grant all is well.
Result<Secret> opened(const ReleaseGrant& grant, const Secret& primary_key, Bytes blob) {
    return unwrap(grant, primary_key, blob);
}

Result<NewVmKey> made(const ReleaseGrant& grant, const Secret& primary_key, Random& random) {
    return generate_key(grant, primary_key, random);
}

Result<ReleaseGrant> asked(const GateInput& input) {
    return authorize_release(input);
}

Result<std::string> answered(ReleaseService& service, RecordedRelease recorded) {
    return service.answer(std::move(recorded));
}

#ifdef CASE_UNRECORDED
Result<std::string> unrecorded(ReleaseService& service, OpenRelease opened) {
    return service.answer(std::move(opened));
}
#endif

#ifdef CASE_RECORD_MADE
RecordedRelease recorded(std::shared_ptr<ReleaseWork> work) {
    return RecordedRelease(std::move(work));
}
#endif

#ifdef CASE_MADE
ReleaseGrant of_nothing() {
    return ReleaseGrant();
}
#endif

#ifdef CASE_BRACED
ReleaseGrant of_braces() {
    return ReleaseGrant{};
}
#endif

#ifdef CASE_INHERITED
struct Mine : ReleaseGrant {};

Mine mine() {
    return Mine();
}
#endif

#ifdef CASE_CHANGED
void widen(ReleaseGrant& grant) {
    grant.use_ = GrantedUse::decrypt;
}
#endif

#ifdef CASE_OPENED_WITHOUT
Result<Secret> opened_without(const Secret& primary_key, Bytes blob) {
    return unwrap(primary_key, blob);
}
#endif

#ifdef CASE_MADE_WITHOUT
Result<NewVmKey> made_without(const Secret& primary_key, Random& random) {
    return generate_key(primary_key, random);
}
#endif

#ifdef CASE_OPENED_BY_INPUT
Result<Secret> opened_by_input(const GateInput& input, const Secret& primary_key, Bytes blob) {
    return unwrap(input, primary_key, blob);
}
#endif

#ifdef CASE_TOKEN_MADE
token::VerifiedKeyAccess unverified(const token::KeyAccess& claims) {
    return token::VerifiedKeyAccess(claims, "kid");
}
#endif

#ifdef CASE_COPIED_SECRET
Secret copied(const Secret& key) {
    return key;
}
#endif
