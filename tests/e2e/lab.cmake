# The scripts of tools/lab, on their own: what the other suites and the quick start stand on.
foreach(part swtpm kmip_server libvirt measured_guest vm_payload)
    vs_e2e(lab.${part} COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/${part}_test")
endforeach()
# Images computed from files, and the boots that they foretell.
vs_e2e(lab.image_build COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/image_build_test" $<TARGET_FILE:e2e_image_boot>)
vs_e2e(lab.image_build_grub LONG COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/image_build_grub_test" $<TARGET_FILE:e2e_image_boot>)
