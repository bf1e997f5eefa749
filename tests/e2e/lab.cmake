# The scripts of tools/lab, on their own: what the other suites and the quick start stand on.
foreach(part swtpm kmip_server libvirt measured_guest vm_payload image_build)
    vs_e2e(lab.${part} COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/${part}_test")
endforeach()
