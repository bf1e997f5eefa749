// A host that booted what a record shows, in front of a real authority host whose only references are images
// that were computed from files: what becomes of it with each image.
//
// usage: e2e_image_boot RECORD IMAGE=OUTCOME...     OUTCOME is "trusted", or the code of the first reason
//
// RECORD is what tools/lab/guest recorded: logs and PCR values of the TPM that measured the boot. The quote
// over them is made here, by a TPM in software: the machine that booted has gone.
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/authority_process.h"
#include "tests/support/boot_record.h"
#include "tests/support/played_host.h"

#include <cstdio>
#include <span>
#include <string>
#include <utility>

namespace {

using namespace vouchsafe;
using namespace vouchsafe::test;

std::string outcome_of(PlayedHost& host) {
    const auto answer = host.attest();
    if (!answer)
        return answer.error().where;
    if (answer->outcome == protocol::Outcome::trusted)
        return "trusted";
    return answer->reasons.empty() ? "no reason" : answer->reasons.front().code;
}

/// The outcome while this image is the only one.
std::string outcome_with(AuthorityProcess& authority, PlayedHost& host, const std::string& file) {
    const Buffer document = read_file(file);
    const json::Value image = json::parse(as_text(document), {.bytes = std::size_t{4} << 20U}).value();
    const json::Value cluster(authority.cluster());
    authority.must(
        service::images, "import_from_imgdb", {{"cluster", cluster}, {"imgdb", to_base64(document)}});
    std::string outcome = outcome_of(host);
    const json::Value images = authority.must(service::images, "list", {{"cluster", cluster}});
    VS_CHECK(images.as_array().size() == 1);
    authority.must(service::images,
                   "delete",
                   {{"cluster", cluster}, {"version", *images.as_array().front().find("version")}});
    return outcome;
}

} // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (arguments.size() < 3)
        return 2;
    AuthorityProcess authority;
    authority.claim();
    PlayedHost host;
    host.machine.boot_into(load_record(arguments[1]));
    introduce(authority, host);
    int status = 0;
    for (const std::string argument : arguments.subspan(2)) {
        const std::size_t equals = argument.rfind('=');
        VS_CHECK(equals != std::string::npos);
        const std::string outcome = outcome_with(authority, host, argument.substr(0, equals));
        std::printf("%s: %s\n", argument.substr(0, equals).c_str(), outcome.c_str());
        if (outcome != argument.substr(equals + 1))
            status = 1;
    }
    return status;
}
