# Warnings and hardening of every target of ours, by the interface library vs_flags.
find_package(Threads REQUIRED)
add_library(vs_flags INTERFACE)

target_compile_options(vs_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-align
    -Wcast-qual -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wmissing-declarations
    -Wzero-as-null-pointer-constant -Wformat=2 -Wnull-dereference -Wimplicit-fallthrough -Wundef -Wvla
    -Wdouble-promotion -Wunused -Wswitch-enum)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(vs_flags INTERFACE
        -Wsuggest-override -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wimplicit-fallthrough=5
        # g++ 12 follows values through std::variant and std::optional badly: these tell more lies than truths.
        # clang and the sanitizers look for the same faults.
        -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-dangling-pointer -Wno-restrict -Wno-null-dereference
        -Wno-array-bounds -Wno-stringop-overread)
endif()
if(VS_WARNINGS_AS_ERRORS)
    target_compile_options(vs_flags INTERFACE -Werror)
endif()

target_compile_options(vs_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero
    -fno-strict-overflow -fno-delete-null-pointer-checks -fvisibility=hidden)
target_compile_definitions(vs_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(vs_flags INTERFACE
    -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)

set(VS_SANITIZERS "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
if(VS_SANITIZERS)
    add_compile_options(-fsanitize=${VS_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # What the sanitizers add to the code leads this warning of g++ 12 astray; the release build has it.
    target_compile_options(vs_flags INTERFACE -Wno-uninitialized)
    add_link_options(-fsanitize=${VS_SANITIZERS})
    # What is shipped is linked by the linker that Debian hardens with; some hundred test programs by the faster one.
    find_program(VS_LLD ld.lld)
    if(VS_LLD)
        add_link_options(-fuse-ld=lld)
    endif()
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(vs_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

find_program(VS_CCACHE ccache)
if(VS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${VS_CCACHE}")
endif()
