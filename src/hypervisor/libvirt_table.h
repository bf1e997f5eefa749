// libvirt's functions by their own types, found when the first connection is made. Private to this library.
#pragma once

#include "base/result.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <string_view>

namespace vouchsafe::hypervisor {

struct LibvirtTable {
    decltype(&::virInitialize) initialize;
    decltype(&::virGetLastError) get_last_error;
    decltype(&::virSetErrorFunc) set_error_func;

    decltype(&::virEventRegisterDefaultImpl) event_register_default_impl;
    decltype(&::virEventRunDefaultImpl) event_run_default_impl;
    decltype(&::virEventAddTimeout) event_add_timeout;
    decltype(&::virEventUpdateTimeout) event_update_timeout;
    decltype(&::virEventRemoveTimeout) event_remove_timeout;

    decltype(&::virConnectOpen) connect_open;
    decltype(&::virConnectClose) connect_close;
    decltype(&::virConnectIsAlive) connect_is_alive;
    decltype(&::virConnectSetKeepAlive) connect_set_keep_alive;
    decltype(&::virConnectListAllDomains) connect_list_all_domains;
    decltype(&::virConnectDomainEventRegisterAny) connect_domain_event_register_any;
    decltype(&::virConnectDomainEventDeregisterAny) connect_domain_event_deregister_any;

    decltype(&::virDomainDefineXML) domain_define_xml;
    decltype(&::virDomainLookupByUUIDString) domain_lookup_by_uuid_string;
    decltype(&::virDomainLookupByName) domain_lookup_by_name;
    decltype(&::virDomainCreate) domain_create;
    decltype(&::virDomainShutdown) domain_shutdown;
    decltype(&::virDomainDestroy) domain_destroy;
    decltype(&::virDomainUndefineFlags) domain_undefine_flags;
    decltype(&::virDomainGetState) domain_get_state;
    decltype(&::virDomainGetName) domain_get_name;
    decltype(&::virDomainGetUUIDString) domain_get_uuid_string;
    decltype(&::virDomainGetMetadata) domain_get_metadata;
    decltype(&::virDomainSetMetadata) domain_set_metadata;
    decltype(&::virDomainHasManagedSaveImage) domain_has_managed_save_image;
    decltype(&::virDomainFree) domain_free;

    decltype(&::virSecretDefineXML) secret_define_xml;
    decltype(&::virSecretLookupByUUIDString) secret_lookup_by_uuid_string;
    decltype(&::virSecretSetValue) secret_set_value;
    decltype(&::virSecretUndefine) secret_undefine;
    decltype(&::virSecretFree) secret_free;

    /// The table, loaded and initialised once in a process; `unsupported` where libvirt is not installed.
    static Result<const LibvirtTable*> load();

    /// libvirt's last error of this thread as ours; the code follows libvirt's where it has one that fits.
    std::unexpected<Error> failure(std::string_view where) const;
};

} // namespace vouchsafe::hypervisor
