#include "cli/command.h"

#include "store/files.h"

#include <unistd.h>

#include <iostream>
#include <map>

namespace vouchsafe::cli {

std::string describe_argument(std::string_view argument) {
    static const std::map<std::string_view, std::string> texts{
        {"cluster", "id of the cluster"},
        {"file", "path of the file, or - for standard input"},
        {"host", "id of the host, or the name or label that it has"},
        {"name", "its name"},
        {"version", "version of the image"},
        {"vm", "name or UUID of the virtual machine"}};
    return texts.at(argument);
}

Result<std::string> the_cluster(Connection& connection) {
    VS_TRY(
        const json::Value clusters,
        connection.call("vcenter.trusted_infrastructure.trust_authority_clusters", "list", json::object({})));
    if (!clusters.is_array() || clusters.as_array().empty())
        return fail(Errc::not_found, "cluster", "there is no trust authority cluster");
    return cell(clusters.as_array().front(), "cluster");
}

const json::Value& member(const json::Value& object, std::string_view name) {
    static const json::Value null;
    const json::Value* const found = object.find(name);
    return found == nullptr ? null : *found;
}

Result<std::string> read_text(const std::string& path, std::size_t most) {
    VS_TRY(const Buffer content, store::read_file(path == "-" ? "/dev/stdin" : path, most));
    return std::string(as_text(content));
}

bool confirmed(const std::string& question) {
    if (::isatty(STDIN_FILENO) != 1)
        return false;
    std::cerr << question << " [y/N] " << std::flush;
    std::string line;
    return std::getline(std::cin, line) && (line == "y" || line == "yes");
}

} // namespace vouchsafe::cli
