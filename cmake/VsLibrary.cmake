# vs_library(<name> FLOOR <n> [DEPS <library>...] [FOREIGN <target>...] [TEST_DEPS <target>...])
#
# One folder is one library: every *.cpp beside the CMakeLists.txt belongs to it, *_test.cpp make its test
# binary <name>_test, and each *_fuzz.cpp is a fuzzer. A library may depend only on libraries of lower
# floors; anything else stops the configuration. FOREIGN are other people's libraries, linked privately
# so that their headers stay in their one home.
function(vs_library name)
    cmake_parse_arguments(arg "" "FLOOR" "DEPS;FOREIGN;TEST_DEPS" ${ARGN})
    if(NOT DEFINED arg_FLOOR OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "vs_library(${name}): FLOOR is missing, or unknown words: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    set_property(GLOBAL PROPERTY VS_FLOOR_${name} ${arg_FLOOR})

    set(links "")
    foreach(dep IN LISTS arg_DEPS)
        get_property(floor GLOBAL PROPERTY VS_FLOOR_${dep})
        if("${floor}" STREQUAL "")
            message(FATAL_ERROR "vs_library(${name}): '${dep}' is no library of a lower floor (or is not built yet)")
        endif()
        if(NOT floor LESS arg_FLOOR)
            message(FATAL_ERROR "vs_library(${name}): floor ${arg_FLOOR} may not depend on '${dep}' of floor ${floor}")
        endif()
        list(APPEND links vs_${dep})
    endforeach()

    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    set(fuzzers ${sources})
    list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$")

    if(sources)
        add_library(vs_${name} STATIC ${sources})
        target_include_directories(vs_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
        target_link_libraries(vs_${name} PUBLIC ${links} PRIVATE vs_flags ${arg_FOREIGN})
    else()
        add_library(vs_${name} INTERFACE)
        target_include_directories(vs_${name} INTERFACE "${CMAKE_SOURCE_DIR}/src")
        target_link_libraries(vs_${name} INTERFACE ${links} ${arg_FOREIGN})
    endif()

    if(VS_TESTS AND tests)
        find_package(GTest REQUIRED)
        add_executable(${name}_test ${tests})
        target_link_libraries(${name}_test PRIVATE vs_${name} ${arg_TEST_DEPS} vs_flags GTest::gtest GTest::gtest_main)
        target_include_directories(${name}_test PRIVATE "${CMAKE_SOURCE_DIR}")
        target_compile_definitions(${name}_test PRIVATE VS_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
        # The sanitizers check the library; what they add to the tests' own code is a third of its compile time.
        target_compile_options(${name}_test PRIVATE -fno-sanitize=undefined)
        # One test for the whole program: starting it takes longer than most of its cases. What became of each case is
        # in build/results/cases.
        add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1
                 "--gtest_output=xml:${CMAKE_SOURCE_DIR}/build/results/cases/${name}.xml")
        set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
    endif()
    foreach(fuzzer IN LISTS fuzzers)
        vs_fuzzer(${name} ${fuzzer})
    endforeach()
endfunction()

# With clang and VS_FUZZ a libFuzzer program; otherwise a small main that replays the seeds as a test.
# Seeds: tests/vectors/<library>/fuzz-<fuzzer>/ (made by the project, one file a seed or a past crash).
function(vs_fuzzer library source)
    get_filename_component(fuzzer ${source} NAME_WE)
    set(target fuzz_${library}_${fuzzer})
    if(VS_FUZZ)
        add_executable(${target} ${source})
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    elseif(VS_TESTS)
        add_executable(${target} ${source} "${CMAKE_SOURCE_DIR}/tests/support/fuzz_replay.cpp")
        add_test(NAME ${library}.fuzz.${fuzzer}
                 COMMAND ${target} "${CMAKE_SOURCE_DIR}/tests/vectors/${library}")
        set_tests_properties(${library}.fuzz.${fuzzer} PROPERTIES LABELS unit TIMEOUT 120)
    else()
        return()
    endif()
    target_link_libraries(${target} PRIVATE vs_${library} vs_flags)
    target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}")
    target_compile_definitions(${target} PRIVATE VS_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
    # libFuzzer declares the entry point nowhere that one could include.
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -Wno-missing-declarations)
endfunction()

# vs_program(<target> DEPS <library>... [FOREIGN <target>...]): one of the apps/ programs.
function(vs_program name)
    cmake_parse_arguments(arg "" "" "DEPS;FOREIGN" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    add_executable(${name} ${sources})
    list(TRANSFORM arg_DEPS PREPEND vs_)
    target_link_libraries(${name} PRIVATE ${arg_DEPS} vs_flags ${arg_FOREIGN})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()
