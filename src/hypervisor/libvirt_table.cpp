#include "hypervisor/libvirt_table.h"

#include <dlfcn.h>

#include <algorithm>
#include <string>

namespace vouchsafe::hypervisor {

namespace {

constexpr std::size_t detail_max = 400;

template <class Function> void find(void* library, Function& function, const char* name, bool& complete) {
    // POSIX has dlsym's object pointer turned into a function pointer in just this way.
    function = reinterpret_cast<Function>(::dlsym(library, name));
    complete = complete && function != nullptr;
}

bool find_all(void* library, LibvirtTable& table) {
    bool complete = true;
#define VS_FIND(member, name) find(library, table.member, #name, complete)
    VS_FIND(initialize, virInitialize);
    VS_FIND(get_last_error, virGetLastError);
    VS_FIND(set_error_func, virSetErrorFunc);
    VS_FIND(event_register_default_impl, virEventRegisterDefaultImpl);
    VS_FIND(event_run_default_impl, virEventRunDefaultImpl);
    VS_FIND(event_add_timeout, virEventAddTimeout);
    VS_FIND(event_update_timeout, virEventUpdateTimeout);
    VS_FIND(event_remove_timeout, virEventRemoveTimeout);
    VS_FIND(connect_open, virConnectOpen);
    VS_FIND(connect_close, virConnectClose);
    VS_FIND(connect_is_alive, virConnectIsAlive);
    VS_FIND(connect_set_keep_alive, virConnectSetKeepAlive);
    VS_FIND(connect_list_all_domains, virConnectListAllDomains);
    VS_FIND(connect_domain_event_register_any, virConnectDomainEventRegisterAny);
    VS_FIND(connect_domain_event_deregister_any, virConnectDomainEventDeregisterAny);
    VS_FIND(domain_define_xml, virDomainDefineXML);
    VS_FIND(domain_lookup_by_uuid_string, virDomainLookupByUUIDString);
    VS_FIND(domain_lookup_by_name, virDomainLookupByName);
    VS_FIND(domain_create, virDomainCreate);
    VS_FIND(domain_shutdown, virDomainShutdown);
    VS_FIND(domain_destroy, virDomainDestroy);
    VS_FIND(domain_undefine_flags, virDomainUndefineFlags);
    VS_FIND(domain_get_state, virDomainGetState);
    VS_FIND(domain_get_name, virDomainGetName);
    VS_FIND(domain_get_uuid_string, virDomainGetUUIDString);
    VS_FIND(domain_get_metadata, virDomainGetMetadata);
    VS_FIND(domain_set_metadata, virDomainSetMetadata);
    VS_FIND(domain_has_managed_save_image, virDomainHasManagedSaveImage);
    VS_FIND(domain_free, virDomainFree);
    VS_FIND(secret_define_xml, virSecretDefineXML);
    VS_FIND(secret_lookup_by_uuid_string, virSecretLookupByUUIDString);
    VS_FIND(secret_set_value, virSecretSetValue);
    VS_FIND(secret_undefine, virSecretUndefine);
    VS_FIND(secret_free, virSecretFree);
#undef VS_FIND
    return complete;
}

/// libvirt prints its errors to stderr unless it is told not to.
void ignore_error(void*, virErrorPtr) {}

Result<LibvirtTable> load_once() {
    void* library = ::dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return fail(Errc::unsupported, "hypervisor.libvirt", "libvirt.so.0 is not installed");
    LibvirtTable table{};
    if (!find_all(library, table))
        return fail(Errc::unsupported, "hypervisor.libvirt", "libvirt.so.0 is too old");
    table.set_error_func(nullptr, ignore_error);
    if (table.initialize() < 0 || table.event_register_default_impl() < 0)
        return fail(Errc::unavailable, "hypervisor.libvirt", "libvirt cannot be initialised");
    return table;
}

Errc code_of(int libvirt_code) {
    switch (libvirt_code) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_SECRET:
        return Errc::not_found;
    case VIR_ERR_DOM_EXIST:
        return Errc::exists;
    case VIR_ERR_OPERATION_INVALID:
        return Errc::conflict;
    case VIR_ERR_OPERATION_TIMEOUT:
        return Errc::timed_out;
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_AUTH_FAILED:
        return Errc::denied;
    default: // libvirt's numbers, of which there are a hundred
        return Errc::unavailable;
    }
}

} // namespace

Result<const LibvirtTable*> LibvirtTable::load() {
    static const Result<LibvirtTable> table = load_once();
    if (!table)
        return std::unexpected(table.error());
    return &*table;
}

std::unexpected<Error> LibvirtTable::failure(std::string_view where) const {
    const virError* error = get_last_error();
    if (error == nullptr || error->message == nullptr)
        return fail(Errc::unavailable, where, "libvirt gives no reason");
    std::string detail(error->message);
    detail.resize(std::min(detail.size(), detail_max));
    std::ranges::replace_if(detail, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    if (detail.contains("Invalid password, cannot unlock any keyslot"))
        return fail(Errc::denied, "hypervisor.passphrase", "the VM's key does not open its disk");
    return fail(code_of(error->code), where, std::move(detail));
}

} // namespace vouchsafe::hypervisor
