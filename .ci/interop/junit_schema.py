"""Jenkins' schema on our JUnit file, once what other readers use and the schema does not know is taken out.

usage: junit_schema.py JUNIT_FILE
"""
import pathlib
import sys

from lxml import etree

from processes import need

SCHEMA = pathlib.Path("../shared/reference/junit-10.xsd")
RERUNS = ("rerunFailure", "rerunError", "flakyFailure", "flakyError")
UNKNOWN_ATTRIBUTES = {
    "testsuites": ("skipped", "timestamp", "uuid"),
    "testcase": ("file", "line", "assertions", "timestamp"),
    **dict.fromkeys(RERUNS, ("time", "timestamp")),
}


def without_extensions(document):
    """The document as the schema's authors know it."""
    for element in document.iter(*UNKNOWN_ATTRIBUTES):
        for name in UNKNOWN_ATTRIBUTES[element.tag]:
            element.attrib.pop(name, None)
    for properties in document.xpath("//testcase/properties"):
        properties.getparent().remove(properties)
    return document


def agrees_with_itself(document):
    """Counts are those of the cases, and no two cases have one name."""
    names = [(case.get("classname"), case.get("name")) for case in document.iter("testcase")]
    need(len(names) == len(set(names)), "two test cases have one classname and name")
    for element, below in (("testsuite", "testcase"), ("testsuites", "testsuite/testcase")):
        for suite in document.iter(element):
            for count, path in (("tests", below), ("failures", f"{below}[failure]"), ("errors", f"{below}[error]"),
                                ("skipped", f"{below}[skipped]")):
                found = len(suite.xpath(path))
                need(suite.get(count) == str(found), f"{element} counts {suite.get(count)} {count}, there are {found}")
    return len(names)


def main():
    document = etree.parse(sys.argv[1])
    cases = agrees_with_itself(document)
    if not SCHEMA.exists():
        print(f"{sys.argv[1]}: {cases} test cases, counted right; schema skipped: {SCHEMA} is not here")
        return
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    need(schema.validate(without_extensions(document)), f"{sys.argv[1]} breaks Jenkins' schema:\n{schema.error_log}")
    print(f"{sys.argv[1]}: {cases} test cases, counted right, valid by Jenkins' schema")


if __name__ == "__main__":
    main()
