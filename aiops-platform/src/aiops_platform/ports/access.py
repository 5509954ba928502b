"""Who may come in, and what they may do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from aiops_platform.core.access import ApiKey, ApiToken, Holder, KeyKind, Scope, Session
from aiops_platform.core.people import Invitation, Member, Project, Role, User


class Access(Protocol):
    """Who may come in. Every method may be called from any thread, and raises StoreUnavailableError.

    Texts of keys, tokens, links and sessions are returned once, when they are made; only hashes of them are kept.
    """

    def ensure_project(self, slug: str, name: str, now: datetime) -> tuple[int, bool]:
        """The project's id, and whether it had to be created."""
        ...

    def first_project(self) -> int | None:
        """The oldest project; None before the first start."""
        ...

    def create_key(self, project_id: int, name: str, now: datetime, kind: KeyKind = KeyKind.REPORT) -> str:
        """A new key's text, which cannot be had again. Raises AccessError for a name that is taken or none."""
        ...

    def replace_key(self, project_id: int, id_or_name: str, now: datetime) -> str | None:
        """A new key's text of the same kind under the name of this one, which goes on letting in, under a name that says until when it was in use.

        None when no key in force has this id or name. Raises AccessError when it was replaced in this very second.
        """
        ...

    def keys(self, project_id: int) -> Sequence[ApiKey]:
        """Every key, oldest first, revoked ones too."""
        ...

    def revoke_key(self, project_id: int, id_or_name: str, now: datetime) -> ApiKey | None:
        """The key that no longer lets anyone in; None when no key in force has this id or name."""
        ...

    def holder_of_key(self, key: str) -> Holder | None:
        """Whose key this is, if it is in force. How it begins says of which kind it is."""
        ...

    def note_keys_used(self, used: Mapping[int, datetime]) -> None:
        """Notes when keys were last used, by id. Never goes back. A first use is told to open pages."""
        ...

    def sealed_secrets_open(self) -> bool:
        """Whether the server secret is the one that the newest key was made with; true when there is no key."""
        ...

    def create_token(
        self, project_id: int, name: str, now: datetime, scope: Scope = Scope.ACT, *, user_id: int | None = None
    ) -> str:
        """A new API token's text, which cannot be had again. Raises AccessError for a name that is taken or none.

        One of a user does what that user may do there, at most, and under their name.
        """
        ...

    def tokens(self, project_id: int, *, user_id: int | None = None) -> Sequence[ApiToken]:
        """Every token, oldest first, revoked ones too; with a user only theirs."""
        ...

    def revoke_token(
        self, project_id: int, id_or_name: str, now: datetime, *, user_id: int | None = None
    ) -> ApiToken | None:
        """The token that no longer lets anyone in; None when no token in force has this id or name.

        With a user only theirs; without, a name is that of a token that is nobody's own.
        """
        ...

    def holder_of_token(self, token: str, now: datetime) -> Holder | None:
        """Whose token this is, if it is in force. Notes the use, at most once a minute."""
        ...

    def create_signin(self, now: datetime, user_id: int | None = None) -> str:
        """The secret part of a sign-in link: it works once, within 15 minutes; without a user for the first admin."""
        ...

    def anyone_invited(self) -> bool:
        """Whether there is somebody, or a sign-in link, used, expired or not."""
        ...

    def sign_in(self, link: str, now: datetime, agent: str = "") -> str | None:
        """Uses a sign-in link up: the text of a new session for the cookie. None when it was used or has expired."""
        ...

    def session(self, text: str, now: datetime) -> Session | None:
        """The session that a cookie stands for, if it has not ended."""
        ...

    def open_session(self, user_id: int, now: datetime, agent: str = "", project_id: int | None = None) -> str | None:
        """The text of a new session of somebody, for the cookie; None for who is a member of nothing.

        It shows this project where they are a member of it, else their oldest.
        """
        ...

    def show_project(self, text: str, project_id: int) -> None:
        """From now on the session shows this project, if its user is a member of it."""
        ...

    def sessions(self, user_id: int, now: datetime) -> Sequence[Session]:
        """Every session of somebody that has not ended, the one that was seen last first."""
        ...

    def sign_out(self, text: str) -> None:
        """Ends a session. One that does not exist is no error."""
        ...

    def end_sessions(self, user_id: int, *, only: str | None = None, but: str = "") -> int:
        """Ends somebody's session with the id `only`, or all, except the one whose text is `but`; how many those were."""
        ...


class People(Protocol):
    """Who is there, in which projects, and what they may do. Every method may be called from any thread.

    Each raises StoreUnavailableError; those that change something PeopleError for what cannot be, with what to do.
    """

    def user(self, user_id: int) -> User | None:
        """Somebody by their id."""
        ...

    def user_with_email(self, email: str) -> User | None:
        """Somebody by their e-mail address, in any case of letters."""
        ...

    def users(self) -> Sequence[User]:
        """Everybody, also those who are in no project any more, by id."""
        ...

    def change_account(self, user_id: int, *, name: str, email: str | None) -> User:
        """Another name and address for somebody; None leaves no address."""
        ...

    def set_password(self, user_id: int, password: str, *, but: str = "") -> None:
        """From now on this is the password, and every session of theirs ends but the one with this text. Slow."""
        ...

    def drop_password(self, user_id: int) -> None:
        """From now on only a link lets them in; their sessions end."""
        ...

    def anyone_has_password(self) -> bool:
        """Whether there is a password that lets anybody in."""
        ...

    def knows_password(self, email: str, password: str) -> User | None:
        """Whose address and password this is. Slow, and as slow where there is no such account."""
        ...

    def role(self, user_id: int, project_id: int) -> Role | None:
        """What somebody may do in a project; None for who is no member."""
        ...

    def members(self, project_id: int) -> Sequence[Member]:
        """Everybody in a project, admins first, then by name."""
        ...

    def add_member(self, project_id: int, *, email: str, name: str, role: Role, now: datetime) -> User:
        """Somebody with this address is a member from now on; who is not known yet is made, without a password."""
        ...

    def set_role(self, project_id: int, user_id: int, role: Role) -> Member:
        """What a member may do from now on. A project's last admin stays one."""
        ...

    def remove_member(self, project_id: int, user_id: int, now: datetime) -> Member:
        """They are in this project no longer: their tokens there end, and their sessions show another project, or end.

        What they did stays with their name. A project's last admin stays.
        """
        ...

    def projects(self, user_id: int | None = None) -> Sequence[Project]:
        """The projects of somebody with their role there, by name; without a user all of them."""
        ...

    def add_project(self, name: str, user_id: int | None, now: datetime) -> Project:
        """A new project, whose admin this user is; where none is named, all admins of the oldest project."""
        ...

    def rename_project(self, project_id: int, name: str) -> Project:
        """Another name; the short name that commands know it by stays."""
        ...

    def project_of(self, kind: Literal["incident", "service", "job"], number: int) -> int | None:
        """The project that holds the incident, service or job with this number."""
        ...

    def invite(self, project_id: int, role: Role, *, email: str | None, by: str, now: datetime) -> str:
        """The secret part of a link that makes somebody a member, once, within seven days."""
        ...

    def invitations(self, project_id: int, now: datetime) -> Sequence[Invitation]:
        """Those that still work, the newest first."""
        ...

    def invitation(self, link: str, now: datetime) -> Invitation | None:
        """What a link invites to; None when it was used, withdrawn or has expired."""
        ...

    def withdraw(self, project_id: int, invitation_id: str) -> bool:
        """From now on this invitation works no longer; whether it did."""
        ...

    def accept(self, link: str, *, name: str, email: str, password: str, now: datetime) -> int | None:
        """Uses an invitation up for somebody new, and returns their id. None when it works no longer. Slow."""
        ...

    def join(self, link: str, user_id: int, now: datetime) -> Invitation | None:
        """Uses an invitation up for somebody who is known; who may more there already keeps that. None as above."""
        ...
