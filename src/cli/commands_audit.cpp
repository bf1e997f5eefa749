// The record of what was released, changed and refused: listed, shown, exported.
#include "cli/commands_audit.h"

#include "audit/chain.h"
#include "auditlog/readers.h"
#include "cli/audit_records.h"
#include "cli/command.h"
#include "json/write.h"

#include <fstream>
#include <iostream>
#include <memory>

namespace vouchsafe::cli {

namespace {

struct ListOptions {
    audit::Filter filter;
    std::string since;
    std::string until;
    std::int64_t limit = 100;
    std::vector<std::string> files;
};

struct ShowOptions {
    std::int64_t sequence = 0;
    std::vector<std::string> files;
};

struct ReadersOptions {
    std::string vm;
    std::string since;
    std::string until;
    std::vector<std::string> files;
};

struct ExportOptions {
    std::string out = "-";
    std::int64_t after = 0;
    std::vector<std::string> files;
};

void add_files(CLI::App& command, std::vector<std::string>& files) {
    command.add_option("--file",
                       files,
                       "read these files of an audit, or folders of them, instead of asking the server; may "
                       "be repeated");
}

void add_span(CLI::App& command, std::string& since, std::string& until) {
    command.add_option(
        "--since", since, "from the beginning of this month, day or instant: 2027-03, 2027-03-14");
    command.add_option("--until", until, "to the end of this month, day or instant");
}

Exit done(const Result<void>& result) {
    return result ? Exit::fine : report(result.error());
}

// What a record is about, beside what has a column of its own.
std::string summary(const audit::AuditRecord& record) {
    std::string out;
    for (const char* const name :
         {"operation", "outcome", "reason", "change", "subject", "revision", "step_ms", "bytes", "release"})
        if (const auto found = record.fields.find(name); found != record.fields.end()) {
            const std::string text = cell(json::Value(record.fields), name);
            out += (out.empty() ? "" : ", ") + (found->second.is_string() ? text : name + (" " + text));
        }
    return out;
}

void print_records(const Context& context, const std::vector<audit::AuditRecord>& records) {
    if (context.format == Format::json)
        return print_json(json::array_of(records, audit::to_json));
    Table table({"SEQ", "TIME", "KIND", "HOST", "VM", "PROVIDER", "IMAGE", "WHAT"});
    for (const audit::AuditRecord& record : records)
        table.row({std::to_string(record.sequence),
                   to_text(record.time),
                   record.kind,
                   audit::text_field(record, "host"),
                   audit::text_field(record, "vm"),
                   audit::text_field(record, "provider"),
                   audit::text_field(record, "image"),
                   summary(record)});
    print(table.text());
}

Result<void> read_span(audit::Filter& filter, const std::string& since, const std::string& until) {
    if (!since.empty()) {
        VS_TRY(const audit::Span span, audit::span_from_text(since));
        filter.since = span.first;
    }
    if (!until.empty()) {
        VS_TRY(const audit::Span span, audit::span_from_text(until));
        filter.until = span.end;
    }
    return {};
}

Result<void> list(const Context& context, const ListOptions& options) {
    audit::Filter filter = options.filter;
    VS_TRY_VOID(read_span(filter, options.since, options.until));
    VS_TRY(const auto records, last_records(options.files, filter, static_cast<std::size_t>(options.limit)));
    print_records(context, records);
    if (static_cast<std::int64_t>(records.size()) >= options.limit && records.front().sequence > 1)
        say("there may be older ones: add --before " + std::to_string(records.front().sequence));
    return {};
}

Result<void> show(const Context& context, const ShowOptions& options) {
    VS_TRY(const auto records,
           last_records(options.files, {.after = options.sequence - 1, .before = options.sequence + 1}, 1));
    if (records.empty())
        return fail(
            Errc::not_found, "audit.record", "there is no record " + std::to_string(options.sequence));
    const audit::AuditRecord& record = records.front();
    if (context.format == Format::json) {
        print_json(audit::to_json(record));
        return {};
    }
    json::Object lines = record.fields;
    lines.insert_or_assign("seq", record.sequence);
    lines.insert_or_assign("time", to_text(record.time));
    lines.insert_or_assign("kind", record.kind);
    lines.insert_or_assign("authority_host", record.host.text);
    lines.insert_or_assign("previous", to_hex(record.previous));
    show_one(context, json::Value(std::move(lines)));
    return {};
}

// --- who could read a virtual machine

json::Value reader_json(const auditlog::Reader& reader) {
    return json::object({{"host", reader.host},
                         {"image", reader.image},
                         {"key", reader.key},
                         {"provider", reader.provider},
                         {"first", to_text(reader.first)},
                         {"last", to_text(reader.last)},
                         {"releases", reader.releases}});
}

json::Value extent_json(const auditlog::Extent& log) {
    return json::object({{"authority_host", log.host.text},
                         {"first", log.first},
                         {"last", log.last},
                         {"last_time", to_text(log.last_time)}});
}

/// All releases of the virtual machine. From files: of every authority host that they are of.
Result<std::vector<auditlog::Extent>> read_releases(const ReadersOptions& options,
                                                    auditlog::ReaderList& into) {
    // Of all times: a release may be held back by a record after the span.
    const audit::Filter filter{
        .kinds = {std::string(audit::kind::release), std::string(audit::kind::withheld)}, .vm = options.vm};
    const auto take = [&](const audit::AuditRecord& record) {
        if (filter.matches(record))
            into.take(record);
    };
    std::vector<auditlog::Extent> out;
    if (options.files.empty()) {
        VS_TRY_VOID(for_each_record({}, filter, take));
        return out;
    }
    VS_TRY(const auto logs, logs_by_host(options.files));
    for (const HostLog& log : logs) {
        VS_TRY(auditlog::Extent extent, read_log(log.files, std::nullopt, take));
        out.push_back(std::move(extent));
    }
    return out;
}

Result<void> readers(const Context& context, const ReadersOptions& options) {
    audit::Filter span;
    VS_TRY_VOID(read_span(span, options.since, options.until));
    auditlog::ReaderList list;
    VS_TRY(const auto logs, read_releases(options, list));
    const SysTime since = span.since.value_or(SysTime::min());
    const auto found = list.within(since, span.until.value_or(SysTime::max()));
    const std::size_t before = list.hosts_before(since);
    if (context.format == Format::json) {
        print_json(json::object({{"vm", options.vm},
                                 {"readers", json::array_of(found, reader_json)},
                                 {"hosts_before", before},
                                 {"logs", json::array_of(logs, extent_json)}}));
        return {};
    }
    Table table({"HOST", "IMAGE", "KEY", "PROVIDER", "FIRST", "LAST", "RELEASES"});
    for (const auditlog::Reader& reader : found)
        table.row({reader.host,
                   reader.image,
                   reader.key,
                   reader.provider,
                   to_text(reader.first),
                   to_text(reader.last),
                   std::to_string(reader.releases)});
    print(table.text());
    for (const auditlog::Extent& log : logs)
        say("by the log of " + printable(log.host.text) + ", records " + std::to_string(log.first) + " to " +
            std::to_string(log.last) + " of " + to_text(log.last_time));
    if (before > 0)
        say(std::to_string(before) +
            " hosts got a key of it before that time, and a host keeps what it was given while the virtual\n"
            "machine runs: without --since they are listed too");
    return {};
}

// --- export

// Lines as the authority host has them; the chain is verified on the way, so that what is kept is whole.
class Exporter {
public:
    explicit Exporter(std::ostream& out) : out_(out) {}

    void take(const audit::AuditRecord& record) {
        if (bad_)
            return;
        if (!chain_)
            chain_.emplace(audit::ChainHead{.next = record.sequence, .previous = record.previous});
        auto line = audit::encode_line(record);
        const auto good = line ? chain_->feed(*line) : std::expected<void, audit::Break>();
        if (!line || !good) {
            bad_ = line ? good.error().cause : line.error();
            return;
        }
        out_ << *line;
    }

    Result<std::int64_t> finish() {
        if (bad_)
            return fail(Errc::untrusted,
                        bad_->where,
                        "the record breaks after " + std::to_string(last()) + ": " + bad_->detail);
        if (!out_.flush())
            return fail(Errc::unavailable, "audit.write", "cannot be written; is there space?");
        return last();
    }

private:
    std::int64_t last() const { return chain_ ? chain_->head().next - 1 : 0; }

    std::ostream& out_;
    std::optional<audit::ChainVerifier> chain_;
    std::optional<Error> bad_;
};

Result<std::int64_t> export_to(std::ostream& out, const ExportOptions& options) {
    Exporter exporter(out);
    VS_TRY_VOID(for_each_record(options.files,
                                {.after = options.after},
                                [&exporter](const audit::AuditRecord& record) { exporter.take(record); }));
    return exporter.finish();
}

Result<void> export_records(const ExportOptions& options) {
    std::int64_t last = 0;
    if (options.out == "-") {
        VS_TRY(last, export_to(std::cout, options));
    } else {
        std::ofstream file(options.out, std::ios::binary | std::ios::trunc);
        if (!file)
            return fail(Errc::unavailable, "audit.write", options.out + ": cannot be written");
        VS_TRY(last, export_to(file, options));
    }
    if (last == 0)
        say("there are no records after " + std::to_string(options.after));
    else
        say("up to record " + std::to_string(last) + "; to go on another time: --after " +
            std::to_string(last));
    return {};
}

void declare_list(CLI::App& command, ListOptions& options) {
    audit::Filter& filter = options.filter;
    command.add_option("--kind",
                       filter.kinds,
                       "release, withheld, refused, attestation, change, unsafe, claim, start, stop, "
                       "checkpoint, clock, torn; may be repeated");
    command.add_option("--host", filter.host, "id of the trusted host");
    command.add_option("--key", filter.key, "id of the virtual machine's key");
    command.add_option("--vm", filter.vm, "UUID of the virtual machine");
    command.add_option("--provider", filter.provider, "name of the key provider");
    add_span(command, options.since, options.until);
    command.add_option("--before", filter.before, "the newest before this record: the page before");
    command.add_option("--limit", options.limit, "how many, the newest")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    add_files(command, options.files);
}

} // namespace

void add_audit_commands(CLI::App& app, Context& context) {
    CLI::App& audit = add_group(app, "audit", "the record of releases and changes");
    add_command<ListOptions>(audit,
                             context,
                             "list",
                             "list records, the newest last",
                             declare_list,
                             [&](const ListOptions& options) { return done(list(context, options)); });
    add_command<ShowOptions>(
        audit,
        context,
        "show",
        "show one record, with all that it has",
        [](CLI::App& command, ShowOptions& options) {
            command.add_option("sequence", options.sequence, "number of the record")
                ->required()
                ->check(CLI::Range(std::int64_t{1}, audit::max_sequence));
            add_files(command, options.files);
        },
        [&context](const ShowOptions& options) { return done(show(context, options)); });
    add_command<ReadersOptions>(
        audit,
        context,
        "readers",
        "who could read a virtual machine: the hosts that got its key, when, under which image",
        [](CLI::App& command, ReadersOptions& options) {
            command.add_option("vm", options.vm, "UUID of the virtual machine")->required();
            add_span(command, options.since, options.until);
            add_files(command, options.files);
            command.footer(
                "Files may be of several authority hosts, each of which has a log of its own: their "
                "answers are put together, and how far each log goes is told.");
        },
        [&context](const ReadersOptions& options) { return done(readers(context, options)); });
    add_command<ExportOptions>(
        audit,
        context,
        "export",
        "write all records as they are, a line each, for others to verify",
        [](CLI::App& command, ExportOptions& options) {
            command.add_option("--out", options.out, "file to write; - is standard output")
                ->capture_default_str();
            command.add_option("--after", options.after, "only those after this record")
                ->check(CLI::NonNegativeNumber);
            add_files(command, options.files);
        },
        [](const ExportOptions& options) { return done(export_records(options)); });
    add_audit_verify_command(audit, context);
}

} // namespace vouchsafe::cli
